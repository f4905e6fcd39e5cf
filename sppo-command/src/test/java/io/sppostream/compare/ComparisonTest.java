package io.sppostream.compare;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.compare.CellOutcome.Failed;
import io.sppostream.compare.CellOutcome.Finished;
import io.sppostream.log.UserException;
import io.sppostream.run.Budget;
import io.sppostream.run.report.Screen;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which runs a comparison takes, in which order, and what it writes of them. */
class ComparisonTest {
    private static final Budget BUDGET = Budget.ofRollouts(2_000);

    @TempDir
    private Path folder = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Runs that take no time. A run is recorded when it has finished. */
    private static final class Runs implements CellRunner {
        private final Function<Cell, CellOutcome> outcomes;
        private final Map<Cell, CellResult> recorded = new LinkedHashMap<>();
        private final List<String> taken = new ArrayList<>();
        private @Nullable String stoppedAt;

        Runs(Function<Cell, CellOutcome> outcomes) {
            this.outcomes = outcomes;
        }

        @Override
        public Optional<CellResult> recorded(Cell cell) {
            return Optional.ofNullable(recorded.get(cell));
        }

        @Override
        public Optional<CellOutcome> run(Cell cell, Consumer<String> progress, BooleanSupplier stopRequested) {
            taken.add(cell.run());
            if (cell.run().equals(stoppedAt)) {
                return Optional.empty();
            }
            CellOutcome outcome = outcomes.apply(cell);
            if (outcome instanceof Finished finished) {
                recorded.put(cell, finished.result());
            }
            return Optional.of(outcome);
        }
    }

    /** The second rate is better for sppo, and the first one for grpo, which is slower. */
    private static CellOutcome learning(Cell cell) {
        boolean sppo = cell.variant().estimator().equals("sppo");
        double rate = Objects.requireNonNull(cell.rate());
        double end = (sppo ? 0.6 : 0.5) - (sppo == rate > 2e-3 ? 0 : 0.1) + cell.seed() / 100.0;
        return new Finished(Results.of(rate, sppo ? 1 : 2, 0.2, 0.4, end));
    }

    private static ComparisonPlan plan(String variants, Budget budget) {
        return new ComparisonPlan(Variant.parse(variants), List.of(3e-3, 1e-3), List.of(1L, 2L), budget, 0.5);
    }

    private Comparison comparison(ComparisonPlan plan, CellRunner runner) {
        return new Comparison("addition", plan, runner, folder, Screen.plain(new PrintStream(out, true, UTF_8)));
    }

    private JsonNode json() throws Exception {
        return new ObjectMapper().readTree(folder.resolve("comparison.json").toFile());
    }

    @Test
    void shouldTryAllRatesWithTheFirstSeedThenTheBestWithTheOthers() throws Exception {
        Runs runs = new Runs(ComparisonTest::learning);
        ComparisonPlan plan = plan("sppo,grpo", BUDGET);
        comparison(plan, runs).run(() -> false);

        assertThat(runs.taken)
                .containsExactly(
                        "compare-sppo-1e-3-s1",
                        "compare-sppo-3e-3-s1",
                        "compare-grpo-1e-3-s1",
                        "compare-grpo-3e-3-s1",
                        "compare-sppo-3e-3-s2",
                        "compare-grpo-1e-3-s2")
                .hasSize(plan.size());
    }

    @Test
    void shouldCompareAtEqualRolloutsAndAtEqualTime() throws Exception {
        Comparison comparison = comparison(plan("sppo,grpo", BUDGET), new Runs(ComparisonTest::learning));
        comparison.run(() -> false);

        JsonNode json = json();
        assertThat(json.get("equal_rollouts").asDouble()).isEqualTo(2_000);
        assertThat(json.get("equal_seconds").asDouble()).isEqualTo(2);
        JsonNode sppo = json.get("estimators").get(0);
        assertThat(sppo.get("rate").asDouble()).isEqualTo(3e-3);
        assertThat(sppo.get("accuracy_at_equal_rollouts").get("min").asDouble()).isEqualTo(0.61);
        assertThat(sppo.get("accuracy_at_equal_rollouts").get("max").asDouble()).isEqualTo(0.62);
        JsonNode grpo = json.get("estimators").get(1);
        assertThat(grpo.get("rate").asDouble()).isEqualTo(1e-3);
        assertThat(grpo.get("accuracy_at_equal_seconds").get("mean").asDouble()).isEqualTo(0.4);
        assertThat(json.get("runs")).hasSize(6);
        assertThat(comparison.tables().get(0))
                .containsExactly(
                        List.of(
                                "estimator",
                                "rate",
                                "seeds",
                                "at 2,000 rollouts",
                                "at 2.0 s",
                                "rollouts to 0.500",
                                "seconds to 0.500",
                                "rollouts",
                                "seconds",
                                "memory",
                                "critic EV"),
                        List.of(
                                "sppo",
                                "3e-3",
                                "2",
                                "0.615 (0.610 to 0.620)",
                                "0.615 (0.610 to 0.620)",
                                "2,000",
                                "2.0",
                                "2,000",
                                "2.0",
                                "500 MB",
                                "0.250"),
                        List.of(
                                "grpo",
                                "1e-3",
                                "2",
                                "0.515 (0.510 to 0.520)",
                                "0.400 (0.400 to 0.400)",
                                "2,000",
                                "4.0",
                                "2,000",
                                "4.0",
                                "500 MB",
                                "0.250"));
        assertThat(comparison.tables().get(1).get(1)).contains("sppo", "75", "25");
        assertThat(comparison.notes()).isEmpty();
        assertThat(Files.readString(folder.resolve("comparison.svg"))).contains("sppo, 0.615", "grpo, 0.515");
    }

    @Test
    void shouldTakeOnlyWhatIsMissingWhenItIsTakenUpAgain() throws Exception {
        Runs runs = new Runs(ComparisonTest::learning);
        runs.stoppedAt = "compare-grpo-3e-3-s1";
        Comparison stopped = comparison(plan("sppo,grpo", BUDGET), runs);
        stopped.run(() -> false);
        assertThat(stopped.notes()).containsExactly("3 of 6 runs have finished");
        assertThat(json().get("runs")).hasSize(3);

        runs.stoppedAt = null;
        runs.taken.clear();
        comparison(plan("sppo,grpo", BUDGET), runs).run(() -> false);
        assertThat(runs.taken).containsExactly("compare-grpo-3e-3-s1", "compare-sppo-3e-3-s2", "compare-grpo-1e-3-s2");
        assertThat(out.toString(UTF_8))
                .contains("1/6 sppo, rate 1e-3, seed 1: accuracy 0.510, 2,000 rollouts, 2.0 s (recorded)");

        runs.taken.clear();
        comparison(plan("sppo,grpo", Budget.ofRollouts(1_900)), runs).run(() -> false);
        assertThat(runs.taken).as("a smaller budget has been spent").isEmpty();
    }

    @Test
    void shouldKeepTheOthersWhenARunFails() throws Exception {
        Runs runs = new Runs(cell ->
                cell.variant().name().equals("grpo") && cell.seed() == 1 ? new Failed("no memory") : learning(cell));
        Comparison comparison = comparison(plan("grpo,sppo", BUDGET), runs);
        comparison.run(() -> false);

        assertThat(runs.taken).hasSize(5).doesNotContain("compare-grpo-1e-3-s2");
        assertThat(comparison.hasFailed()).isTrue();
        assertThat(comparison.notes()).contains("compare-grpo-1e-3-s1 failed: no memory", "3 of 6 runs have finished");
        assertThat(comparison.tables().get(0).get(1)).startsWith("grpo", "-", "0", "-");
        assertThat(json().get("runs").get(0).get("failed").asText()).isEqualTo("no memory");
    }

    @Test
    void shouldStartNothingWhenItIsRedrawn() throws Exception {
        Runs runs = new Runs(ComparisonTest::learning);
        assertThatThrownBy(() -> comparison(plan("sppo,grpo", BUDGET), runs).redraw())
                .isInstanceOf(UserException.class)
                .hasMessageContaining("no run of this comparison has spent its budget of rollouts=");

        comparison(plan("sppo,grpo", BUDGET), runs).run(() -> false);
        JsonNode before = json();
        Files.delete(folder.resolve("comparison.json"));
        runs.taken.clear();
        comparison(plan("sppo,grpo", BUDGET), runs).redraw();
        assertThat(runs.taken).isEmpty();
        assertThat(json()).isEqualTo(before);
    }

    @Test
    void shouldNotLetAnInterruptedRunShortenTheOthersWhenItIsRedrawn() throws Exception {
        Runs runs = new Runs(ComparisonTest::learning);
        ComparisonPlan plan = plan("sppo,grpo", BUDGET);
        comparison(plan, runs).run(() -> false);
        runs.recorded.put(new Cell(plan.variants().get(1), 1e-3, 2), Results.of(1e-3, 2, 0.2, 0.4));

        Comparison redrawn = comparison(plan, runs);
        redrawn.redraw();
        assertThat(json().get("equal_rollouts").asDouble()).isEqualTo(2_000);
        assertThat(redrawn.notes()).containsExactly("5 of 6 runs have finished");
    }

    @Test
    void shouldNameVariantsInTheLegendWithoutSettingsUnlessTheseTellThemApart() throws Exception {
        comparison(plan("sppo[clip=0.3],grpo[samples=4],grpo[samples=8]", BUDGET), new Runs(ComparisonTest::learning))
                .run(() -> false);

        assertThat(Files.readString(folder.resolve("comparison.svg")))
                .contains(">sppo, 0.", ">grpo[samples=4], 0.", ">grpo[samples=8], 0.");
    }

    @Test
    void shouldRefuseAPlanThatComparesNothing() {
        List<Variant> sppo = Variant.parse("sppo");
        assertThatThrownBy(() -> new ComparisonPlan(sppo, List.of(), List.of(1L, 1L), BUDGET, 0.5))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> new ComparisonPlan(sppo, List.of(0.0), List.of(1L), BUDGET, 0.5))
                .hasMessageContaining("above 0");
        assertThatThrownBy(() -> new ComparisonPlan(sppo, List.of(), List.of(1L), BUDGET, 50))
                .hasMessageContaining("--target");
    }
}
