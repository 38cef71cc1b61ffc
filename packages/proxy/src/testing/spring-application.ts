/** A configuration of Spring Cloud Gateway as a shop would have grown it, in both forms. */
export const springApplication = `server:
  port: 8080
shop:
  legacy: http://127.0.0.1:9090
  timeout: 2500
spring:
  application:
    name: edge
  cloud:
    gateway:
      server:
        webflux:
          httpclient:
            connect-timeout: 800
            response-timeout: 5s
          globalcors:
            add-to-simple-url-handler-mapping: true
            cors-configurations:
              '[/**]':
                allowedOrigins: "https://shop.example"
                allowedMethods: [GET, POST]
                allowCredentials: true
                maxAge: 3600
          filter:
            secure-headers:
              disable: x-download-options
              frame-options: SAMEORIGIN
          default-filters:
            - SecureHeaders
            - AddResponseHeader=X-Gateway, dure
            - DedupeResponseHeader=Access-Control-Allow-Origin Access-Control-Allow-Credentials, RETAIN_UNIQUE
          routes:
            - id: orders
              uri: lb://orders
              order: 10
              metadata: { access: user, response-timeout: 2000, connect-timeout: 500, owner: team-a }
              predicates:
                - Path=/api/orders/**
                - name: Header
                  args: { header: X-Tenant, regexp: "[a-z]{2,8}" }
              filters:
                - StripPrefix=1
                - name: CircuitBreaker
                  args:
                    name: orders
                    fallbackUri: "forward:/fallback/orders"
                    statusCodes: [500, BAD_GATEWAY]
                - "RewritePath=/orders/(?<rest>.*), /v1/orders/$\\\\{rest}"
            - id: products
              uri: lb://product
              predicates:
                - Path=/products/{sku}, /catalogue/{sku}
                - Method=GET,HEAD
              filters:
                - SetPath=/items/{sku}
                - name: Retry
                  args:
                    retries: 2
                    statuses: BAD_GATEWAY, SERVICE_UNAVAILABLE
                    methods: GET,HEAD
                    backoff: { firstBackoff: 10ms, maxBackoff: 50ms, factor: 3 }
                - LocalResponseCache=30m, 50MB
            - id: search
              uri: lb:http://SEARCH
              predicates: [ "Path=/search", "Query=q, .+" ]
              filters:
                - name: RequestRateLimiter
                  args:
                    key-resolver: "#{@remoteAddrKeyResolver}"
                    redis-rate-limiter.replenishRate: 10
                    redis-rate-limiter.burstCapacity: 20
                - RemoveRequestParameter=debug
            - id: images
              uri: http://127.0.0.1:9000/ignored/path
              predicates:
                - name: Path
                  args: { pattern: "/images/{*file}" }
              filters: [ "PreserveHostHeader", "RemoveResponseHeader=Server" ]
            - id: checkout-blue
              uri: lb://checkout
              predicates: [ "Path=/checkout/**", "Weight=checkout, 9" ]
            - id: checkout-green
              uri: lb://checkout-green
              predicates:
                - Path=/checkout/**
                - name: Weight
                  args: { weight.group: checkout, weight.weight: 1 }
            - id: tenant
              uri: lb://tenant
              predicates: [ "Host={tenant}.shop.example,**.stores.example" , "Path=/tenant/**" ]
              filters: [ "AddRequestHeader=X-Edge, shop", "RewriteLocationResponseHeader=AS_IN_REQUEST, Location" ]
            - id: beta
              uri: lb://beta
              order: -1
              predicates: [ "Path=/account/**", "Cookie=beta, (?i)yes|true" ]
            - id: sale
              uri: lb://sale
              predicates: [ "Path=/sale/**", "Between=2026-11-27T00:00:00+09:00[Asia/Seoul], 2026-11-30T00:00:00Z" ]
              filters: [ "AddRequestParameter=campaign, black-friday" ]
            - id: backoffice
              uri: lb://backoffice
              metadata:
                access: { role: clerk }
                cors: { allowedOrigins: "https://office.example", allowedMethods: "GET,PUT" }
              predicates: [ "Path=/office/**, false", "RemoteAddr=10.0.0.0/8, 192.168.1.1" ]
              filters:
                - TokenRelay=
                - SaveSession
                - RemoveRequestHeader=Cookie
            - id: uploads
              uri: lb://uploads
              predicates: [ "Path=/uploads/**", "Method=POST" ]
              filters:
                - name: RequestSize
                  args: { maxSize: 5MB }
                - RequestHeaderSize=8KB
                - RemoveJsonAttributesResponseBody=internalId, secret, true
            - id: legacy
              uri: \${shop.legacy}
              metadata: { response-timeout: "\${shop.timeout}", access: { user-scope: "legacy:use" } }
              predicates: [ "Path=/legacy/**", "XForwardedRemoteAddr=10.0.0.0/8" ]
              filters:
                - MapRequestHeader=X-Token, X-Legacy-Token
                - AddRequestHeadersIfNotPresent=X-Source:edge,X-Version:\${shop.version:1}
                - SetRequestHostHeader=legacy.example
            - id: moved
              uri: no://op
              predicates: [ "Path=/old/**", "After=1577836800000" ]
              filters: [ "RedirectTo=301, https://shop.example/new, true" ]
            - id: teapot
              uri: lb://product
              predicates: [ "Path=/coffee" ]
              filters: [ "SetStatus=418", "SetResponseHeader=X-Brew, no", "SetRequestHeader=X-Cup, small" ]
            - id: paused
              uri: lb://product
              enabled: false
              predicates: [ "Path=/paused" ]
            - legacy-text=http://127.0.0.1:9091,Path=/text/**,Method=GET
            - id: partner
              uri: lb://partner
              predicates: [ "Path=/partner/**" ]
              filters:
                - PrefixPath=/v2
                - RewriteRequestParameter=campaign, autumn
                - "RewriteResponseHeader=X-Trace, , password=[^&]+, password=***"
                - SetRequestUri=http://partner.example/gate
`;

/** One route with filters, predicates and what follows them, all as YAML. */
export function routeWith(filters: string, predicates = '[ "Path=/a/{id}" ]', more = ''): string {
  return `spring.cloud.gateway.server.webflux:\n  routes:\n    - id: one\n      uri: lb://one\n      predicates: ${predicates}\n      filters: ${filters}\n${more}`;
}
