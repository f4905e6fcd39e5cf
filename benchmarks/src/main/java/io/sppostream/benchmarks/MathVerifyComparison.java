package io.sppostream.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.log.UserException;
import io.sppostream.run.report.TerminalText;
import io.sppostream.verify.math.Grade;
import io.sppostream.verify.math.GradeStatus;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Grades the samples of an evaluation by this grader and by the real Math-Verify, and prints where the two differ. */
@Command(
        name = "math-verify",
        description = {
            "Grade the samples of ./sppo eval by Math-Verify, too, and print the differences.",
            "It needs Python 3.11 or later; Math-Verify is installed in the user's cache once."
        },
        mixinStandardHelpOptions = true)
final class MathVerifyComparison implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int TAIL = 160;

    @Parameters(paramLabel = "FILE", description = "Samples, such as evaluations/MODEL/samples/gsm8k.jsonl.")
    private Path samples = Path.of("");

    @Option(
            names = "--profile",
            defaultValue = "math",
            description = "Profile of this grader, such as math or math-verify (default: ${DEFAULT-VALUE}).")
    private String profile = "";

    @Option(
            names = "--python",
            defaultValue = "python3",
            description = "Python to make the virtual environment with (default: ${DEFAULT-VALUE}).")
    private String python = "";

    @Override
    public Integer call() throws Exception {
        MathGrader grader = new MathGrader(profile());
        List<JsonNode> read = read();
        List<JsonNode> theirs = theirs();
        BenchmarkTools.printHeader("math-verify %s --profile %s", samples, profile);
        int[][] counts = new int[2][2];
        for (int i = 0; i < read.size(); i++) {
            JsonNode sample = read.get(i);
            Grade ours = grader.gradeResponse(
                    sample.get("gold").asText(), sample.get("response").asText());
            boolean correct = ours.status() == GradeStatus.CORRECT;
            boolean correctThere = theirs.get(i).get("correct").asBoolean();
            counts[correct ? 1 : 0][correctThere ? 1 : 0]++;
            if (correct != correctThere) {
                print(sample, ours, theirs.get(i));
            }
        }
        System.out.printf(
                "samples      %d: %d correct by both, %d by %s alone, %d by Math-Verify alone, %d by neither%n",
                read.size(), counts[1][1], counts[1][0], profile, counts[0][1], counts[0][0]);
        return 0;
    }

    private GradingProfile profile() {
        try {
            return GradingProfile.parse(profile);
        } catch (IllegalArgumentException e) {
            throw new UserException(String.valueOf(e.getMessage()));
        }
    }

    private List<JsonNode> read() throws IOException {
        if (!Files.exists(samples)) {
            throw new UserException(samples + " can't be read: there is no such file");
        }
        return lines(samples);
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            lines.add(JSON.readTree(line));
        }
        return lines;
    }

    private List<JsonNode> theirs() throws IOException, InterruptedException {
        PythonEnvironment environment =
                PythonEnvironment.open("math-verify", python, resource("/math-verify/requirements.txt"));
        Path directory = Files.createTempDirectory("sppo-math-verify");
        try {
            Path script = Files.writeString(directory.resolve("grades.py"), resource("/math-verify/grades.py"));
            ProcessBuilder builder = new ProcessBuilder(environment.python().toString(), script.toString())
                    .redirectInput(samples.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            return lines(ChildProcess.run(builder, directory).output());
        } finally {
            BenchmarkTools.delete(directory);
        }
    }

    private static void print(JsonNode sample, Grade ours, JsonNode theirs) {
        String response = sample.get("response").asText();
        System.out.printf(
                "problem %s, sample %s, gold %s%n  here         %s (%s), extracted %s%n  Math-Verify  %s, found %s%n"
                        + "  response     ... %s (%s)%n",
                sample.get("problem").asText(),
                sample.get("sample").asText(),
                sample.get("gold").asText(),
                ours.status(),
                ours.rule(),
                ours.extracted() == null ? "nothing" : TerminalText.printable(ours.extracted()),
                theirs.get("correct").asBoolean() ? "correct" : "wrong",
                TerminalText.printable(theirs.get("found").toString()),
                TerminalText.printable(response.substring(Math.max(0, response.length() - TAIL))),
                sample.get("finish_reason").asText());
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(MathVerifyComparison.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
