package io.sppostream.grade;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.log.UserException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Maps JSON Lines to JSON Lines, one object at a time, so that the input can be of any length. */
final class LineFilter {
    /** Keeps the digits of numbers, so that fields are repeated as they were written. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private LineFilter() {}

    /** Maps an object to any number of objects. */
    @FunctionalInterface
    interface Mapping {
        /** @throws UserException if the object is invalid; the message says why, without the line */
        List<ObjectNode> map(int line, ObjectNode object);
    }

    /** A new, empty object. */
    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /**
     * Maps every line in order and skips blank lines. The output for the lines before an invalid one is written.
     *
     * @param name name of the input in messages
     * @throws UserException if a line is invalid; the message names the line and says why
     */
    static void run(String name, InputStream in, OutputStream out, Mapping mapping) {
        // Latin-1 keeps the bytes: the JSON parser decodes each line, so that bad UTF-8 is reported with its line.
        BufferedReader reader = new BufferedReader(new InputStreamReader(in, ISO_8859_1));
        Writer writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
        try {
            try {
                int number = 0;
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    number++;
                    if (!line.isBlank()) {
                        for (ObjectNode mapped : mapped(name, number, line, mapping)) {
                            writer.write(JSON.writeValueAsString(mapped));
                            writer.write('\n');
                        }
                    }
                    // A program that writes one line and waits gets its output at once.
                    if (!reader.ready()) {
                        writer.flush();
                    }
                }
            } finally {
                writer.flush();
            }
        } catch (IOException e) {
            throw new UserException(name + " can't be read: " + e.getMessage());
        }
    }

    private static List<ObjectNode> mapped(String name, int number, String line, Mapping mapping) throws IOException {
        String what;
        try {
            JsonNode node = JSON.readTree(line.getBytes(ISO_8859_1));
            if (node instanceof ObjectNode object) {
                return mapping.map(number, object);
            }
            what = "is not a JSON object";
        } catch (JsonProcessingException e) {
            what = "is not JSON: " + e.getOriginalMessage().lines().findFirst().orElse("");
        } catch (UserException e) {
            what = e.getMessage();
        }
        throw new UserException(name + ", line " + number + " " + what);
    }

    /** The text of a field; null if there is none. */
    static @Nullable String text(ObjectNode object, String field) {
        JsonNode value = object.get(field);
        if (value == null || value.isNull()) {
            return null;
        }
        return scalar(field, value);
    }

    /** The texts of the first field that is present: those of a list, or a single one. */
    static List<String> texts(ObjectNode object, List<String> fields) {
        for (String field : fields) {
            JsonNode value = object.get(field);
            if (value != null && value.isArray() && !value.isEmpty()) {
                return value.valueStream().map(one -> scalar(field, one)).toList();
            }
            if (value != null && !value.isNull() && !value.isArray()) {
                return List.of(scalar(field, value));
            }
        }
        throw new UserException("has no " + String.join(" or ", fields));
    }

    private static String scalar(String field, JsonNode value) {
        if (!value.isValueNode() || value.isNull()) {
            throw new UserException("has a " + field + " that is neither text nor a number");
        }
        return value.asText();
    }
}
