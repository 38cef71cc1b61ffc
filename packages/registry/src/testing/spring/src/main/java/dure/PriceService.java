package dure;

import com.netflix.appinfo.ApplicationInfoManager;
import com.netflix.appinfo.InstanceInfo.InstanceStatus;
import com.netflix.discovery.EurekaClient;
import java.util.Scanner;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** A service as any Spring Cloud shop has it. Told by lines on its standard input what to do; answers each by one line. */
@SpringBootApplication
@RestController
public class PriceService {
  record Price(String sku, int won) {}

  @GetMapping("/prices/{sku}")
  Price price(@PathVariable String sku) {
    return new Price(sku, 12000);
  }

  public static void main(String[] arguments) {
    var context = new SpringApplicationBuilder(PriceService.class).run(arguments);
    var discovery = context.getBean(DiscoveryClient.class);
    var manager = context.getBean(ApplicationInfoManager.class);
    System.out.println("> ready " + manager.getInfo().getInstanceId());
    try (var lines = new Scanner(System.in)) {
      while (lines.hasNextLine()) {
        var words = lines.nextLine().split(" ");
        switch (words[0]) {
          case "instances" -> System.out.println("> " + discovery.getInstances(words[1]).stream()
              .map(one -> one.getHost() + ":" + one.getPort()).sorted().toList());
          case "status" -> {
            manager.setInstanceStatus(InstanceStatus.toEnum(words[1]));
            System.out.println("> " + manager.getInfo().getStatus());
          }
          case "hash" -> System.out.println("> " + context.getBean(EurekaClient.class).getApplications().getAppsHashCode());
          default -> System.out.println("> what?");
        }
      }
    }
    context.close();
    System.exit(0);
  }
}
