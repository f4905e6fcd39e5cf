package io.sppostream.run.config;

import io.sppostream.log.Redactor;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The places where a user gives settings. Their names are checked, and those of former versions are translated. */
final class ConfigurationSources {
    private static final String ENVIRONMENT_PREFIX = "SPPO_";

    private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.+");
    private static final Pattern SERVICE_DETAIL =
            Pattern.compile("(.+\\.)?(service\\.(host|port(\\..+)?)|port\\.\\d+\\.(tcp|udp|sctp)(\\..+)?)");

    private final Map<String, String> values = new HashMap<>();
    private final List<String> notes = new ArrayList<>();
    private @Nullable String preset;

    /** The settings given so far; a later source wins over an earlier one. */
    Map<String, String> values() {
        return values;
    }

    /** Remarks for the user, a line each. */
    List<String> notes() {
        return notes;
    }

    /** The preset that was chosen in place of a file; null if none was. */
    @Nullable
    String preset() {
        return preset;
    }

    /** @param file YAML file, or {@code presets/NAME} for a shipped preset; null for none */
    void addFile(@Nullable Path file) {
        if (file == null) {
            return;
        }
        preset = Presets.meantBy(file);
        if (preset != null) {
            add(Presets.withDataset(preset), "in preset " + preset);
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            add(FlatYaml.read(in, file.toString()), "in " + file);
        } catch (IOException e) {
            throw new UserException("configuration file " + file + " can't be read: "
                    + (Files.exists(file) ? e.getMessage() : "there is no such file"));
        }
    }

    /** @param environment all variables; those that begin with {@code SPPO_} are settings, except for service links */
    void addEnvironment(Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        for (Map.Entry<String, String> entry : environment.entrySet()) {
            String variable = entry.getKey();
            String value = entry.getValue();
            if (variable.startsWith(ENVIRONMENT_PREFIX)) {
                String name = variable.substring(ENVIRONMENT_PREFIX.length())
                        .toLowerCase(Locale.ROOT)
                        .replace('_', '.');
                if (isServiceLink(name, value)) {
                    notes.add(variable + "=" + Redactor.value(name, value)
                            + " (in the environment) is ignored: it is not a port, but a link to"
                            + " a service, as Kubernetes sets it (enableServiceLinks: false turns it off)");
                } else if (!isPartOfServiceLink(name)) {
                    given.put(name, value);
                }
            }
        }
        add(given, "in the environment");
    }

    /**
     * Whether Kubernetes has set a variable. In a namespace with a service {@code sppo-registry}, each container gets
     * {@code SPPO_REGISTRY_PORT=tcp://10.0.0.1:8081}, and details of it in further variables.
     */
    private static boolean isServiceLink(String name, String value) {
        return name.matches("(.+\\.)?port") && SERVICE_ADDRESS.matcher(value).matches();
    }

    private static boolean isPartOfServiceLink(String name) {
        return SERVICE_DETAIL.matcher(name).matches() && !SettingNames.exists(name);
    }

    void addFlags(Map<String, String> flags) {
        add(flags, "on the command line");
    }

    private void add(Map<String, String> given, String where) {
        Map<String, String> current = SettingNames.current(given, where);
        current.keySet().forEach(name -> SettingNames.require(name, where));
        SettingNames.formerIn(given)
                .forEach((former, name) -> notes.add(
                        "setting '" + former + "' (" + where + ") is now called '" + name + "'; use the new name"));
        current.forEach((name, value) -> {
            if (name.startsWith(SettingsDefinition.KAFKA)) {
                KafkaProperties.requireSafe(name.substring(SettingsDefinition.KAFKA.length()), value, where);
            }
        });
        values.putAll(current);
    }
}
