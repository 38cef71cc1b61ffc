package dure;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;
import org.springframework.context.annotation.Configuration;

/** The registry of an existing Spring Cloud system. Ends with its standard input. */
@Configuration
@EnableAutoConfiguration
@EnableEurekaServer
public class EurekaServer {
  public static void main(String[] arguments) throws Exception {
    var context = (ServletWebServerApplicationContext) new SpringApplicationBuilder(EurekaServer.class).run(arguments);
    System.out.println("> ready " + context.getWebServer().getPort());
    while (System.in.read() >= 0) {
      // until whoever started it has gone
    }
    context.close();
    System.exit(0);
  }
}
