package io.sppostream.verify.math;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.verify.math.read.ProseAnswer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * This grader beside the real Math-Verify, where its Python package is installed ({@code -Dmath.verify.python=PATH} names
 * another Python). Both are graded by the labels of the shipped cases and, with {@code -Dgrader.cases=DIRECTORY}, of
 * published ones. The counts are printed.
 */
class MathVerifyIT {
    private static final String PYTHON = System.getProperty("math.verify.python", "python3");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory = Path.of("");

    /** A case with its label and this grader's verdict. */
    private record Graded(List<String> golds, String answer, boolean label, boolean ours) {}

    /** Verdicts against labels. */
    private record Count(int right, int falsePositives, int falseNegatives) {
        static Count of(List<Graded> cases, List<Boolean> verdicts) {
            int right = 0;
            int falsePositives = 0;
            for (int i = 0; i < cases.size(); i++) {
                right += verdicts.get(i) == cases.get(i).label() ? 1 : 0;
                falsePositives += verdicts.get(i) && !cases.get(i).label() ? 1 : 0;
            }
            return new Count(right, falsePositives, cases.size() - right - falsePositives);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d right, %d false positives, %d false negatives",
                    right,
                    falsePositives,
                    falseNegatives);
        }
    }

    @BeforeEach
    void needMathVerify() throws Exception {
        boolean there;
        try {
            Process probe = new ProcessBuilder(PYTHON, "-c", "import math_verify").start();
            there = probe.waitFor(60, TimeUnit.SECONDS) && probe.exitValue() == 0;
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(there, PYTHON + " has no module math_verify: install the package math-verify to run this");
    }

    @Test
    void shouldBeRightMoreOftenThanMathVerifyOnTheShippedPredictions() throws Exception {
        MathGrader grader = new MathGrader(GradingProfile.MATH);
        compare(
                "predictions.txt",
                GradedPredictionsTest.cases()
                        .map(one -> new Graded(
                                List.of(one.reference()),
                                asResponse(one.prediction()),
                                one.correct(),
                                grader.gradePrediction(one.reference(), one.prediction())
                                                .status()
                                        == GradeStatus.CORRECT))
                        .toList());
    }

    @Test
    void shouldBeRightMoreOftenThanMathVerifyOnTheShippedResponses() throws Exception {
        MathGrader grader = new MathGrader(GradingProfile.MATH_VERIFY);
        compare(
                "responses.txt",
                ProfiledResponsesTest.cases()
                        .filter(one -> one.profile() == GradingProfile.MATH_VERIFY)
                        .map(one -> new Graded(
                                List.of(one.reference()),
                                one.response(),
                                one.status() == GradeStatus.CORRECT,
                                grader.gradeResponse(one.reference(), one.response())
                                                .status()
                                        == GradeStatus.CORRECT))
                        .toList());
    }

    /** No bound: the labels of some are the verdicts of Math-Verify. {@link CaseFilesTest} explains each difference. */
    @Test
    void shouldPrintBothCountsWhenPublishedCasesAreThere() throws Exception {
        String published = System.getProperty("grader.cases", "");
        assumeTrue(!published.isEmpty(), "no published cases: -Dgrader.cases=DIRECTORY names them");
        MathGrader grader = new MathGrader(GradingProfile.MATH);
        for (String name : List.of("math-verify", "other-graders")) {
            List<Graded> cases = new ArrayList<>();
            for (String line : Files.readAllLines(Path.of(published, name + ".jsonl"))) {
                JsonNode one = JSON.readTree(line);
                if (one.get("correct").isBoolean()) {
                    List<String> golds = new ArrayList<>();
                    (one.get("gold").isArray()
                                    ? one.get("gold")
                                    : JSON.createArrayNode().add(one.get("gold")))
                            .forEach(gold -> golds.add(gold.asText()));
                    String prediction = one.get("prediction").asText();
                    boolean ours = golds.stream()
                            .anyMatch(gold ->
                                    grader.gradePrediction(gold, prediction).status() == GradeStatus.CORRECT);
                    cases.add(new Graded(
                            golds, asResponse(prediction), one.get("correct").asBoolean(), ours));
                }
            }
            print(name, cases, mathVerify(cases));
        }
    }

    /** An answer by itself as Math-Verify finds one: in a box. */
    private static String asResponse(String prediction) {
        return prediction.contains("$") || prediction.contains("\\boxed") || ProseAnswer.isProse(prediction)
                ? prediction
                : "\\boxed{" + prediction + "}";
    }

    private void compare(String name, List<Graded> cases) throws Exception {
        List<Boolean> verdicts = mathVerify(cases);
        Count theirs = Count.of(cases, verdicts);
        Count ours = print(name, cases, verdicts);
        assertThat(ours.right()).isGreaterThan(theirs.right());
        assertThat(ours.falsePositives()).isZero();
    }

    private static Count print(String name, List<Graded> cases, List<Boolean> verdicts) {
        Count ours = Count.of(cases, cases.stream().map(Graded::ours).toList());
        System.out.printf(
                "%s, %d cases: SPPO Stream %s; Math-Verify %s%n", name, cases.size(), ours, Count.of(cases, verdicts));
        return ours;
    }

    private List<Boolean> mathVerify(List<Graded> cases) throws Exception {
        Path script = directory.resolve("grades.py");
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("math_verify_grades.py"))) {
            Files.write(script, in.readAllBytes());
        }
        Path input = directory.resolve("cases.jsonl");
        List<String> lines = new ArrayList<>();
        for (Graded one : cases) {
            lines.add(JSON.writeValueAsString(Map.of("golds", one.golds(), "answer", one.answer())));
        }
        Files.write(input, lines);
        Path output = directory.resolve("grades.txt");
        Process process = new ProcessBuilder(PYTHON, script.toString())
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
        List<Boolean> verdicts =
                Files.readAllLines(output).stream().map("1"::equals).toList();
        assertThat(verdicts).hasSameSizeAs(cases);
        return verdicts;
    }
}
