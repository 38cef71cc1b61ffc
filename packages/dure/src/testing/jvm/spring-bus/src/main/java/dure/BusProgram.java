package dure;

import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.bus.event.AckRemoteApplicationEvent;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * A Spring Boot service on the bus, as any Spring Cloud system has it. Each line on its standard input is a command, each
 * answer a line that starts with `> `. It ends with its input.
 */
@SpringBootApplication
public class BusProgram {
  public static void main(String[] arguments) {
    var context = new SpringApplicationBuilder(BusProgram.class).run(arguments);
    var environment = context.getEnvironment();
    System.out.println("> " + environment.getProperty("local.server.port"));
    try (var lines = new Scanner(System.in)) {
      while (lines.hasNextLine()) {
        var words = lines.nextLine().split(" ");
        System.out.println("> " + switch (words[0]) {
          case "lines" -> context.getBean(Order.class).lines();
          case "get" -> environment.getProperty(words[1]);
          case "acks" -> context.getBean(Acks.class).seen;
          default -> throw new IllegalArgumentException(words[0]);
        });
      }
    }
    context.close();
    System.exit(0);
  }

  /** Is made anew, with the value of then, by a refresh only. */
  @Component
  @RefreshScope
  static class Order {
    @Value("${lines}")
    private String lines;

    String lines() {
      return lines;
    }
  }

  /** Who has acknowledged what, as Spring publishes it while the bus is traced. */
  @Component
  static class Acks {
    final List<String> seen = new CopyOnWriteArrayList<>();

    @EventListener
    void heard(AckRemoteApplicationEvent ack) {
      seen.add(ack.getOriginService() + " " + ack.getEvent().getSimpleName());
    }
  }
}
