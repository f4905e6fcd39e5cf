package io.sppostream.feed.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.log.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Reads datasets in JSON Lines: one object per line, with a prompt and its answer. Worked answers in the format of GSM8K
 * are reduced to the text after their last {@code ####}. Stateless.
 */
public final class JsonLines {
    private static final List<String> PROMPT_FIELDS = List.of("prompt", "question", "problem");
    private static final List<String> ANSWER_FIELDS = List.of("answer");
    private static final String GSM8K_MARK = "####";
    private static final int SPLIT_SEED = 0;
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonLines() {}

    /**
     * Reads a dataset.
     *
     * @param promptField the field that holds the prompt; null for the first present of prompt, question and problem
     * @param answerField the field that holds the answer; null for answer
     * @param heldOut number of problems to hold out for testing; limited to a tenth of them
     * @throws UserException with the file, the line and the error
     */
    public static Dataset read(Path file, @Nullable String promptField, @Nullable String answerField, int heldOut) {
        List<String> promptFields = promptField == null ? PROMPT_FIELDS : List.of(promptField);
        List<String> answerFields = answerField == null ? ANSWER_FIELDS : List.of(answerField);
        List<Problem> problems = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (!line.isBlank()) {
                    problems.add(problem(file, number, line, promptFields, answerFields));
                }
            }
        } catch (MalformedInputException e) {
            throw new UserException(
                    "dataset " + file + " is not UTF-8 text: it must be in JSON Lines, one object per line");
        } catch (IOException e) {
            throw new UserException("dataset " + file + " can't be read: "
                    + (Files.exists(file) ? e.getMessage() : "there is no such file"));
        }
        if (problems.isEmpty()) {
            throw new UserException(
                    "dataset " + file + " is empty: it must hold one object per line, with a prompt and an answer");
        }
        List<Problem> shuffled = new ArrayList<>(problems);
        Collections.shuffle(shuffled, new Random(SPLIT_SEED));
        int held = Math.min(heldOut, (problems.size() + 9) / 10);
        return new Dataset(
                name(file),
                shuffled.subList(Math.min(held, shuffled.size() - 1), shuffled.size()),
                shuffled.subList(0, held));
    }

    private static Problem problem(
            Path file, int number, String line, List<String> promptFields, List<String> answerFields) {
        String where = "dataset " + file + ", line " + number;
        JsonNode object;
        try {
            object = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new UserException(where + " is not JSON: " + e.getOriginalMessage());
        }
        String prompt = text(object, promptFields);
        if (prompt == null) {
            throw missing(where, object, "prompt", promptFields, "--prompt-field");
        }
        String answer = text(object, answerFields);
        if (answer == null) {
            throw missing(where, object, "answer", answerFields, "--answer-field");
        }
        return Problem.asked(Integer.toString(number), prompt, reference(answer));
    }

    /** The reference answer in an answer, which may be a worked one in the format of GSM8K. */
    public static String reference(String answer) {
        int mark = answer.lastIndexOf(GSM8K_MARK);
        return (mark < 0 ? answer : answer.substring(mark + GSM8K_MARK.length())).strip();
    }

    private static @Nullable String text(JsonNode object, List<String> fields) {
        for (String field : fields) {
            JsonNode value = object.get(field);
            if (value != null && value.isValueNode() && !value.isNull()) {
                return value.asText();
            }
        }
        return null;
    }

    private static UserException missing(String where, JsonNode object, String what, List<String> fields, String flag) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return new UserException(where + " has no " + what + ": expected " + String.join(" or ", fields)
                + ", found " + (names.isEmpty() ? "no fields" : String.join(", ", names))
                + " (name the field with " + flag + ")");
    }

    /** Name of the dataset in a file: that of the file, without its ending. */
    public static String name(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }
}
