package dure;

import com.netflix.appinfo.ApplicationInfoManager;
import com.netflix.appinfo.InstanceInfo;
import com.netflix.appinfo.InstanceInfo.InstanceStatus;
import com.netflix.appinfo.MyDataCenterInstanceConfig;
import com.netflix.appinfo.providers.EurekaConfigBasedInstanceInfoProvider;
import com.netflix.discovery.DefaultEurekaClientConfig;
import com.netflix.discovery.DiscoveryClient;
import com.netflix.discovery.shared.transport.jersey3.Jersey3TransportClientFactories;
import java.util.List;
import java.util.Scanner;

/**
 * A program with Netflix's Eureka client, set up by system properties (`eureka.*`). Each line on its standard input
 * is a command, each answer a line that starts with `> `. It deregisters and ends with its input.
 */
public class NetflixProgram {
  public static void main(String[] arguments) {
    var config = new MyDataCenterInstanceConfig() {
      @Override
      public String getHostName(boolean refresh) {
        return "127.0.0.1";
      }

      @Override
      public String getIpAddress() {
        return "127.0.0.1";
      }
    };
    var manager = new ApplicationInfoManager(config, new EurekaConfigBasedInstanceInfoProvider(config).get());
    var client =
        new DiscoveryClient(manager, new DefaultEurekaClientConfig(), Jersey3TransportClientFactories.getInstance());
    manager.setInstanceStatus(InstanceStatus.UP);
    System.out.println("> ready");
    try (var lines = new Scanner(System.in)) {
      while (lines.hasNextLine()) {
        var words = lines.nextLine().split(" ");
        System.out.println("> " + switch (words[0]) {
          case "app" -> {
            var application = client.getApplication(words[1]);
            yield addresses(application == null ? List.of() : application.getInstances());
          }
          case "vip" -> addresses(client.getInstancesByVipAddress(words[1], false));
          case "hash" -> client.getApplications().getAppsHashCode();
          case "status" -> {
            manager.setInstanceStatus(InstanceStatus.valueOf(words[1]));
            yield manager.getInfo().getStatus();
          }
          default -> throw new IllegalArgumentException(words[0]);
        });
      }
    }
    client.shutdown();
    System.exit(0);
  }

  static List<String> addresses(List<InstanceInfo> instances) {
    return instances.stream().map(one -> one.getHostName() + ":" + one.getPort()).sorted().toList();
  }
}
