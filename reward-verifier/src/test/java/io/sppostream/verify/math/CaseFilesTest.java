package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeSet;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Published cases of other graders, if available: {@code -Dgrader.cases=DIRECTORY}. The grades that differ from the
 * labels of a file are exactly those explained in {@code disagreements.properties}.
 */
@EnabledIfSystemProperty(named = "grader.cases", matches = ".+")
class CaseFilesTest {
    private final MathGrader grader = new MathGrader(GradingProfile.MATH);

    @ParameterizedTest
    @ValueSource(strings = {"math-verify", "other-graders", "real-responses"})
    void shouldDifferFromTheLabelsOnlyWhereExplainedWhenGradingAFile(String name) throws IOException {
        Properties explained = new Properties();
        explained.load(Objects.requireNonNull(getClass().getResourceAsStream("disagreements.properties")));
        TreeSet<String> expected = new TreeSet<>();
        for (String key : explained.stringPropertyNames()) {
            if (key.startsWith(name + ".")) {
                expected.add(key);
            }
        }
        TreeSet<String> differing = new TreeSet<>();
        List<String> lines = Files.readAllLines(Path.of(System.getProperty("grader.cases"), name + ".jsonl"));
        for (int i = 0; i < lines.size(); i++) {
            JsonNode line = new ObjectMapper().readTree(lines.get(i));
            boolean correct = isCorrect(line);
            if (labels(line).stream().anyMatch(label -> label != correct)) {
                differing.add(name + "." + i);
            }
        }
        assertThat(differing).isEqualTo(expected);
    }

    private boolean isCorrect(JsonNode line) {
        List<String> references = new ArrayList<>();
        if (line.get("gold").isArray()) {
            line.get("gold").forEach(reference -> references.add(reference.asText()));
        } else {
            references.add(line.get("gold").asText());
        }
        return references.stream()
                .map(reference -> line.has("prediction")
                        ? grader.gradePrediction(
                                reference, line.get("prediction").asText())
                        : grader.gradeResponse(reference, line.get("response").asText()))
                .anyMatch(grade -> grade.status() == GradeStatus.CORRECT);
    }

    private static List<Boolean> labels(JsonNode line) {
        List<Boolean> labels = new ArrayList<>();
        for (String field : List.of("correct", "mathverify", "qwen_score", "areal_reward")) {
            if (line.has(field) && line.get(field).isBoolean()) {
                labels.add(line.get(field).asBoolean());
            }
        }
        return labels;
    }
}
