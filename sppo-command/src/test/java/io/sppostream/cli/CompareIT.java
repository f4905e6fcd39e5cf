package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.compare.CellProcess;
import io.sppostream.compare.CellSettings;
import io.sppostream.compare.Comparison;
import io.sppostream.compare.ComparisonPlan;
import io.sppostream.compare.Variant;
import io.sppostream.run.Budget;
import io.sppostream.run.report.Screen;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison of two estimators and two seeds that is interrupted, resumed and redrawn. */
class CompareIT {
    private static final String ESTIMATORS = "sppo,masked=grpo[samples=4,mask=true]";
    private static final Budget BUDGET = Budget.ofRollouts(1_280);
    private static final Map<String, String> SETTINGS =
            Map.of("batch.size", "64", "eval.prompts", "20", "eval.interval", "5");

    @TempDir
    private Path folder = Path.of("");

    @Test
    void shouldResumeAndRedraw() throws Exception {
        interrupt();

        Invocation resumed = compare();
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.out())
                .contains("comparing 2 estimators in 4 runs, budget rollouts=1280")
                .contains("at 1,280 rollouts", "% of processor time", "* a run was resumed");
        JsonNode comparison = json();
        assertThat(comparison.get("runs_finished").asInt()).isEqualTo(4);
        assertThat(comparison.get("equal_rollouts").asDouble()).isEqualTo(1_280);
        for (JsonNode run : comparison.get("runs")) {
            // With a mask, a response without an uncertain token has no credit: it is evidence, and counts too.
            assertThat(run.get("rollouts").asLong()).as(run.toString()).isBetween(1_280L, 1_920L);
            assertThat(run.get("evaluations")).hasSizeGreaterThanOrEqualTo(3);
        }
        assertThat(comparison.get("runs").get(0).get("rollouts").asLong()).isEqualTo(1_280);
        JsonNode sppo = comparison.get("estimators").get(0);
        assertThat(sppo.get("resumed").asBoolean()).isTrue();
        assertThat(sppo.get("critic_explained_variance").get("runs").asInt()).isEqualTo(2);
        JsonNode masked = comparison.get("estimators").get(1);
        assertThat(masked.get("name").asText()).isEqualTo("masked");
        assertThat(masked.get("accuracy_at_equal_rollouts").get("runs").asInt()).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("comparison.svg"))).contains("masked, 0.");

        Invocation again = compare();
        assertThat(again.code()).isZero();
        assertThat(again.out()).containsPattern("4/4 masked, seed 2: .* \\(recorded\\)");

        Files.delete(folder.resolve("comparison.json"));
        Invocation redrawn = compare("--redraw");
        assertThat(redrawn.code()).isZero();
        assertThat(json()).isEqualTo(comparison);

        compare("--set=lag=1").assertRefused("compare-sppo-s1 has a run with other settings (lag: 0 -> 1)");
    }

    /** Stops the first run when it has started to train. */
    private void interrupt() throws InterruptedException {
        CellSettings settings = new CellSettings(null, System.getenv(), SETTINGS, folder, BUDGET);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Comparison comparison = new Comparison(
                "addition",
                new ComparisonPlan(Variant.parse(ESTIMATORS), List.of(), List.of(1L, 2L), BUDGET, 0.5),
                new CellProcess(settings, Main.class),
                folder,
                Screen.plain(new PrintStream(out, true, UTF_8)));
        Path output = folder.resolve("compare-sppo-s1/output.txt");
        comparison.run(() -> Files.exists(output) && read(output).contains("step 0/20"));

        assertThat(out.toString(UTF_8)).contains("1/4 sppo, seed 1: ").doesNotContain("seed 1: accuracy 0.", "2/4");
        assertThat(comparison.notes()).containsExactly("0 of 4 runs have finished");
        assertThat(read(output)).contains("stopping: ");
    }

    private Invocation compare(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "compare",
                "--estimators=" + ESTIMATORS,
                "--dataset=addition",
                "--seeds=1,2",
                "--budget=" + BUDGET,
                "--out=" + folder));
        SETTINGS.forEach((name, value) -> arguments.add("--set=" + name + "=" + value));
        arguments.addAll(List.of(more));
        return Invocation.of(arguments.toArray(String[]::new));
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("comparison.json").toFile());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
