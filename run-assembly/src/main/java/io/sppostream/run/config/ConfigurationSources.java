package io.sppostream.run.config;

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
import org.jspecify.annotations.Nullable;

/** The places where a user gives settings. Their names are checked, and those of former versions are translated. */
final class ConfigurationSources {
    private static final String ENVIRONMENT_PREFIX = "SPPO_";

    private final Map<String, String> values = new HashMap<>();
    private final List<String> notes = new ArrayList<>();

    /** The settings given so far; a later source wins over an earlier one. */
    Map<String, String> values() {
        return values;
    }

    /** Remarks for the user, a line each. */
    List<String> notes() {
        return notes;
    }

    /** @param file YAML file; null for none */
    void addFile(@Nullable Path file) {
        if (file == null) {
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            add(FlatYaml.read(in, file.toString()), "in " + file);
        } catch (IOException e) {
            throw new UserException("configuration file " + file + " can't be read: "
                    + (Files.exists(file) ? e.getMessage() : "there is no such file"));
        }
    }

    /** @param environment all variables; those that begin with {@code SPPO_} are settings */
    void addEnvironment(Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        environment.forEach((variable, value) -> {
            if (variable.startsWith(ENVIRONMENT_PREFIX)) {
                given.put(
                        variable.substring(ENVIRONMENT_PREFIX.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.'),
                        value);
            }
        });
        add(given, "in the environment");
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
        values.putAll(current);
    }
}
