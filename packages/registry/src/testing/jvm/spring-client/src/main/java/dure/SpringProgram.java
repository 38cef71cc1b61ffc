package dure;

import com.netflix.discovery.EurekaClient;
import java.util.Scanner;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.netflix.eureka.serviceregistry.EurekaRegistration;
import org.springframework.cloud.netflix.eureka.serviceregistry.EurekaServiceRegistry;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/**
 * A Spring Boot service as any Spring Cloud system has it. Each line on its standard input is a command, each answer a
 * line that starts with `> `. It deregisters and ends with its input.
 */
@SpringBootApplication
@RestController
public class SpringProgram {
  record Price(String sku, int won) {}

  @GetMapping("/prices/{sku}")
  Price price(@PathVariable("sku") String sku) {
    return new Price(sku, 12_000);
  }

  public static void main(String[] arguments) {
    var context = new SpringApplicationBuilder(SpringProgram.class).run(arguments);
    var discovery = context.getBean(DiscoveryClient.class);
    var registry = context.getBean(EurekaServiceRegistry.class);
    var registration = context.getBean(EurekaRegistration.class);
    System.out.println("> ready");
    try (var lines = new Scanner(System.in)) {
      while (lines.hasNextLine()) {
        var words = lines.nextLine().split(" ");
        System.out.println("> " + switch (words[0]) {
          case "vip" -> discovery.getInstances(words[1]).stream()
              .map(one -> one.getHost() + ":" + one.getPort()).sorted().toList();
          case "hash" -> context.getBean(EurekaClient.class).getApplications().getAppsHashCode();
          case "status" -> {
            registry.setStatus(registration, words[1]); // what the actuator's `serviceregistry` does
            yield words[1];
          }
          default -> throw new IllegalArgumentException(words[0]);
        });
      }
    }
    context.close();
    System.exit(0);
  }
}
