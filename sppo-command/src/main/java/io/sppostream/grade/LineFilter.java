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

/** JSON LineFilter, an object a line: one is read, answered and forgotten before the next, however long the input is. */
final class LineFilter {
    /** Numbers keep their digits, so that what comes out is what went in. */
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private LineFilter() {}

    /** Answers an object with any number of others. */
    @FunctionalInterface
    interface Answer {
        /** @throws UserException saying what is wrong with the object, without its place */
        List<ObjectNode> to(int line, ObjectNode object);
    }

    /** A new, empty object. */
    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /**
     * Answers every line, in order; blank ones are skipped. What was answered before a bad line has been written.
     *
     * @param name what messages call the input
     * @throws UserException naming the first line that can't be answered and what is wrong with it
     */
    static void answer(String name, InputStream in, OutputStream out, Answer answer) {
        // Bytes as characters of the same number: the JSON parser decodes a line, and its faults have their place.
        BufferedReader reader = new BufferedReader(new InputStreamReader(in, ISO_8859_1));
        Writer writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
        try {
            try {
                int number = 0;
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    number++;
                    if (!line.isBlank()) {
                        for (ObjectNode reply : answered(name, number, line, answer)) {
                            writer.write(JSON.writeValueAsString(reply));
                            writer.write('\n');
                        }
                    }
                    // Whoever writes a line at a time is answered a line at a time.
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

    private static List<ObjectNode> answered(String name, int number, String line, Answer answer) throws IOException {
        String what;
        try {
            JsonNode node = JSON.readTree(line.getBytes(ISO_8859_1));
            if (node instanceof ObjectNode object) {
                return answer.to(number, object);
            }
            what = "is not a JSON object";
        } catch (JsonProcessingException e) {
            what = "is not JSON: " + e.getOriginalMessage().lines().findFirst().orElse("");
        } catch (UserException e) {
            what = e.getMessage();
        }
        throw new UserException(name + ", line " + number + " " + what);
    }

    /** A field's text; null where there is none. */
    static @Nullable String text(ObjectNode object, String field) {
        JsonNode value = object.get(field);
        if (value == null || value.isNull()) {
            return null;
        }
        return scalar(field, value);
    }

    /** A field's texts: those of a list, or the one it is. */
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
