package io.sppostream.run.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import io.sppostream.log.UserException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** YAML maps of settings. Nested maps and dotted keys are the same: both are read as dotted keys. */
final class FlatYaml {
    private static final ObjectMapper YAML =
            new ObjectMapper(new YAMLFactory().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER));

    private FlatYaml() {}

    static String write(Map<String, ?> settings) {
        try {
            return YAML.writeValueAsString(settings);
        } catch (JacksonException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads settings that {@link #write} wrote. */
    static Map<String, String> read(String text) {
        try {
            return read(new ByteArrayInputStream(text.getBytes(UTF_8)), "on the log");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads settings.
     *
     * @param where names the file in error messages
     * @return a map of its own, to change at will
     * @throws UserException if it is not a YAML map
     */
    static Map<String, String> read(InputStream in, String where) throws IOException {
        Map<String, Object> tree;
        try {
            JsonNode root = YAML.readTree(in);
            tree = root.isMissingNode() || root.isNull()
                    ? Map.of()
                    : YAML.readerFor(new TypeReference<Map<String, Object>>() {})
                            .readValue(root);
        } catch (JacksonException e) {
            throw new UserException("configuration file " + where + " is not a YAML map of settings"
                    + (e.getLocation() == null || e.getLocation().getLineNr() < 1
                            ? ""
                            : ", line " + e.getLocation().getLineNr())
                    + ": "
                    + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
        Map<String, String> flat = new HashMap<>();
        flatten("", tree, flat);
        // In YAML, 'verifier' is a name or a map by dataset. The map has the verifier of all others as its 'default'.
        String others = flat.remove(SettingsDefinition.VERIFIER_OF_DATASET + "default");
        if (others != null) {
            flat.put(SettingsDefinition.VERIFIER, others);
        }
        return flat;
    }

    private static void flatten(String prefix, Map<?, ?> tree, Map<String, String> flat) {
        tree.forEach((key, value) -> {
            String name = prefix + key;
            if (value instanceof Map<?, ?> nested) {
                flatten(name + ".", nested, flat);
            } else {
                flat.put(name, Objects.toString(value, ""));
            }
        });
    }
}
