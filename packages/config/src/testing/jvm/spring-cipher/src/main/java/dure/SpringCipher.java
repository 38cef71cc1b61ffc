package dure;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.cloud.config.environment.Environment;
import org.springframework.cloud.config.server.encryption.EncryptionController;
import org.springframework.cloud.context.encrypt.EncryptorFactory;
import org.springframework.http.MediaType;
import org.springframework.http.converter.json.Jackson2ObjectMapperBuilder;
import org.springframework.security.crypto.encrypt.Encryptors;
import org.springframework.security.crypto.encrypt.RsaAlgorithm;
import org.springframework.security.crypto.encrypt.RsaKeyHolder;
import org.springframework.security.crypto.encrypt.RsaSecretEncryptor;
import org.springframework.security.crypto.encrypt.TextEncryptor;

/** Answers each line of JSON by one: {"value": …}, or {"error": …}. */
public final class SpringCipher {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<String, Object> answer = new LinkedHashMap<>();
      try {
        answer.put("value", answer(json.readValue(line, Map.class)));
      } catch (InvocationTargetException error) {
        answer.put("error", error.getCause().toString());
      } catch (Exception error) {
        answer.put("error", error.toString());
      }
      System.out.write(("> " + json.writeValueAsString(answer) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    System.out.flush();
  }

  private static Object answer(Map<String, Object> asked) throws Exception {
    String text = (String) asked.get("text");
    switch ((String) asked.get("ask")) {
      case "encrypt":
        return encryptor(asked).encrypt(text);
      case "decrypt":
        return encryptor(asked).decrypt(text);
      case "public-key":
        return ((RsaKeyHolder) encryptor(asked)).getPublicKey();
      case "form":
        return form(text, (String) asked.get("type"), (Boolean) asked.get("decrypts"));
      case "prefix":
        return prefix(text);
      case "environment":
        return Jackson2ObjectMapperBuilder.json().build().readValue(text, Environment.class).getPropertySources().size();
      default:
        throw new IllegalArgumentException("unknown");
    }
  }

  private static TextEncryptor encryptor(Map<String, Object> asked) throws Exception {
    String salt = (String) asked.get("salt");
    String key = (String) asked.get("key");
    boolean strong = Boolean.TRUE.equals(asked.get("strong"));
    switch ((String) asked.get("kind")) {
      case "aes":
        return strong ? Encryptors.delux(key, salt) : Encryptors.text(key, salt);
      case "rsa":
        return new RsaSecretEncryptor(pair(key), RsaAlgorithm.valueOf((String) asked.get("algorithm")), salt, strong);
      case "factory":
        return new EncryptorFactory(salt).create(key);
      default:
        throw new IllegalArgumentException("unknown");
    }
  }

  private static KeyPair pair(String pkcs8) throws Exception {
    KeyFactory keys = KeyFactory.getInstance("RSA");
    RSAPrivateCrtKey key =
        (RSAPrivateCrtKey) keys.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pkcs8)));
    return new KeyPair(keys.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent())), key);
  }

  private static Object form(String text, String type, boolean decrypts) throws Exception {
    Method strip =
        EncryptionController.class.getDeclaredMethod("stripFormData", String.class, MediaType.class, boolean.class);
    strip.setAccessible(true);
    return strip.invoke(new EncryptionController(null), text, MediaType.parseMediaType(type), decrypts);
  }

  private static Object prefix(String text) throws Exception {
    Class<?> type = Class.forName("org.springframework.cloud.config.server.encryption.EnvironmentPrefixHelper");
    var constructor = type.getDeclaredConstructor();
    constructor.setAccessible(true);
    Object helper = constructor.newInstance();
    Method keys = type.getDeclaredMethod("getEncryptorKeys", String.class, String.class, String.class);
    Method strip = type.getDeclaredMethod("stripPrefix", String.class);
    keys.setAccessible(true);
    strip.setAccessible(true);
    Map<String, String> found = new LinkedHashMap<>((Map<String, String>) keys.invoke(helper, "n", "p", text));
    found.remove("name");
    found.remove("profiles");
    return Map.of("keys", found, "payload", strip.invoke(helper, text));
  }
}
