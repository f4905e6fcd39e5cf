package io.sppostream.run.config;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Type.DOUBLE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.PASSWORD;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import io.sppostream.log.Redactor;
import io.sppostream.verify.AttemptPolicy;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.HttpService;
import io.sppostream.verify.Verifier;
import io.sppostream.verify.VerifierCatalogue;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.types.Password;

/** The settings of one verifier, under {@code verifiers.NAME}. */
final class VerifierSettings extends AbstractConfig {
    /** Before the settings that the verifier itself defines. */
    static final String OWN = "settings.";

    private static final String HTTP = "http";
    private static final String EXTERNAL = "external";
    /** The former name of {@link #EXTERNAL}, still accepted for recorded configurations. */
    private static final String OUTSIDE = "outside";

    private static final Range POSITIVE = Range.atLeast(1);
    private static final Range SOME_TIME = Range.atLeast(0.001);

    static final ConfigDef DEFINITION = new ConfigDef()
            .define(
                    "type",
                    STRING,
                    "",
                    HIGH,
                    "A built-in verifier or a plugin, by its name; http for a service; external for a program that reads"
                            + " rollouts and writes verdicts. Empty: the verifier called NAME.")
            .define("url", STRING, "", HIGH, "http: URL to which rollouts are posted.")
            .define("authorization", PASSWORD, "", MEDIUM, "http: Authorization header. Secret.")
            .define("version", STRING, "1", LOW, "http: version of the service's rules, recorded on its verdicts.")
            .define("batch.size", INT, 1, POSITIVE, MEDIUM, "http: maximum number of rollouts in a request.")
            .define(
                    "concurrency",
                    INT,
                    16,
                    POSITIVE,
                    MEDIUM,
                    "http: maximum number of requests at once. plugin: maximum number of rollouts judged at once.")
            .define(
                    "attempts",
                    INT,
                    3,
                    POSITIVE,
                    MEDIUM,
                    "http, plugin: maximum number of attempts to judge a rollout.")
            .define(
                    "backoff.seconds",
                    DOUBLE,
                    0.2,
                    SOME_TIME,
                    LOW,
                    "http, plugin: wait before the second attempt. It doubles with each further attempt, and varies at"
                            + " random by half.")
            .define("timeout.seconds", DOUBLE, 10.0, SOME_TIME, MEDIUM, "http, plugin: maximum time of an attempt.")
            .define(
                    "deadline.seconds",
                    DOUBLE,
                    60.0,
                    SOME_TIME,
                    MEDIUM,
                    "http, plugin: maximum time of all attempts to judge a rollout.");

    private static final Set<String> OF_HTTP_ALONE = Set.of("url", "authorization", "version", "batch.size");

    private final String name;
    private final Set<String> given;
    private final Map<String, String> own;

    /**
     * Reads the settings of a verifier.
     *
     * @throws IllegalArgumentException naming a setting that does not exist
     * @throws org.apache.kafka.common.config.ConfigException if a value is out of bounds
     */
    VerifierSettings(String name, Map<String, String> values) {
        super(DEFINITION, known(name, values), false);
        this.name = name;
        this.given = new TreeSet<>(known(name, values).keySet());
        this.own = new HashMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(OWN)) {
                own.put(key.substring(OWN.length()), value);
            }
        });
        given.remove("type");
    }

    private static Map<String, String> known(String name, Map<String, String> values) {
        Map<String, String> known = new HashMap<>(values);
        known.keySet().removeIf(key -> key.startsWith(OWN));
        for (String key : known.keySet()) {
            if (!DEFINITION.names().contains(key)) {
                throw new IllegalArgumentException("there is no setting 'verifiers." + name + "." + key
                        + "'; there are: " + String.join(", ", new TreeSet<>(DEFINITION.names()))
                        + ", and settings.* of the verifier's own");
            }
        }
        return known;
    }

    /** The verifier. */
    ConfiguredVerifier verifier(VerifierCatalogue catalogue) {
        String type = getString("type").isEmpty() ? name : getString("type");
        return switch (type) {
            case HTTP -> new ConfiguredVerifier(name, getString("version"), shown(), overHttp());
            case EXTERNAL, OUTSIDE -> {
                refuse(given, "of an external program");
                yield new ConfiguredVerifier(name, "", shown(), new Place.External());
            }
            default -> inProcess(catalogue.find(type));
        };
    }

    private Place overHttp() {
        if (getString("url").isEmpty()) {
            throw new IllegalArgumentException("it is a service: give its address as verifiers." + name + ".url");
        }
        Password authorization = getPassword("authorization");
        return new Place.OverHttp(
                new HttpService(
                        URI.create(getString("url")),
                        authorization.value().isEmpty() ? null : authorization.value(),
                        own),
                policy());
    }

    private ConfiguredVerifier inProcess(Verifier verifier) {
        ConfiguredVerifier configured =
                ConfiguredVerifier.inProcess(name, verifier.with(Map.copyOf(own)), shown(), policy());
        Set<String> tooMuch = new TreeSet<>(given);
        if (!configured.isInline()) {
            tooMuch.retainAll(OF_HTTP_ALONE);
        }
        refuse(tooMuch, "of a verifier of this type");
        return configured;
    }

    private static void refuse(Set<String> keys, String what) {
        if (!keys.isEmpty()) {
            throw new IllegalArgumentException(String.join(", ", keys) + " is not a setting " + what);
        }
    }

    private AttemptPolicy policy() {
        return new AttemptPolicy(
                getInt("concurrency"),
                getInt("batch.size"),
                getInt("attempts"),
                seconds("backoff.seconds"),
                seconds("timeout.seconds"),
                seconds("deadline.seconds"));
    }

    private Duration seconds(String key) {
        return Duration.ofNanos(Math.round(getDouble(key) * 1e9));
    }

    /** The verifier's own settings without secrets, as its verdicts record them. */
    private Map<String, String> shown() {
        Map<String, String> shown = new HashMap<>(own);
        shown.keySet().removeIf(Redactor::isSecret);
        shown.replaceAll((name, value) -> Redactor.text(value));
        return shown;
    }
}
