package dure;

import java.util.Scanner;
import java.util.TreeSet;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.context.refresh.ContextRefresher;

/**
 * A Spring Boot program configured by a config server, as any Spring Cloud system has it. Each line on its standard input
 * is a command, each answer a line that starts with `> `. It ends with its input.
 */
@SpringBootApplication
public class ConfigProgram {
  public static void main(String[] arguments) {
    var context = new SpringApplicationBuilder(ConfigProgram.class).run(arguments);
    var environment = context.getEnvironment();
    System.out.println("> ready");
    try (var lines = new Scanner(System.in)) {
      while (lines.hasNextLine()) {
        var words = lines.nextLine().split(" ");
        System.out.println("> " + switch (words[0]) {
          case "get" -> environment.getProperty(words[1]);
          case "sources" -> environment.getPropertySources().stream()
              .map(one -> one.getName()).filter(name -> name.startsWith("configserver:")).toList();
          case "refresh" -> new TreeSet<>(context.getBean(ContextRefresher.class).refresh());
          default -> throw new IllegalArgumentException(words[0]);
        });
      }
    }
    context.close();
    System.exit(0);
  }
}
