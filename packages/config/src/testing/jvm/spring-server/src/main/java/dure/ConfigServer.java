package dure;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.config.server.EnableConfigServer;
import org.springframework.context.annotation.Configuration;

/** The config server of an existing Spring Cloud system. Prints its port and ends with its standard input. */
@Configuration
@EnableAutoConfiguration
@EnableConfigServer
public class ConfigServer {
  public static void main(String[] arguments) throws Exception {
    var context = new SpringApplicationBuilder(ConfigServer.class).run(arguments);
    System.out.println("> " + context.getEnvironment().getProperty("local.server.port"));
    System.in.readAllBytes();
    context.close();
    System.exit(0);
  }
}
