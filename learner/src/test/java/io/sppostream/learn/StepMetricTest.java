package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepMetricTest {
    private static final Path PAGE = Path.of("../docs/metrics.md");
    private static final String BEGIN = "<!-- metrics -->\n";
    private static final String END = "\n<!-- end -->";

    /** With {@code -Dmetrics.write=true} the table is written. */
    @Test
    void shouldBeTheTableOfTheDocumentation() throws IOException {
        String page = Files.readString(PAGE);
        int from = page.indexOf(BEGIN) + BEGIN.length();
        int to = page.indexOf(END);
        if (Boolean.getBoolean("metrics.write")) {
            page = page.substring(0, from) + StepMetric.markdown() + page.substring(to);
            Files.writeString(PAGE, page);
            to = page.indexOf(END);
        }

        assertThat(page.substring(from, to)).isEqualTo(StepMetric.markdown());
    }

    @Test
    void shouldHaveEachNameAndAliasOnce() {
        assertThat(Arrays.stream(StepMetric.values()).map(StepMetric::id))
                .doesNotHaveDuplicates()
                .allMatch(id -> id.matches("[a-z]+(_[a-z]+)*(/DATASET)?"));
        for (boolean ofCritic : new boolean[] {false, true}) {
            assertThat(Arrays.stream(StepMetric.values())
                            .map(metric -> metric.verl(ofCritic))
                            .flatMap(Optional::stream))
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void shouldBeFoundByName() {
        assertThat(StepMetric.of("entropy")).contains(StepMetric.ENTROPY);
        assertThat(StepMetric.of("reward_mean/gsm8k")).contains(StepMetric.REWARD_MEAN_DATASET);
        assertThat(StepMetric.of("nonsense")).isEmpty();
        assertThat(StepMetric.ENTROPY.verl(false)).contains("actor/entropy");
        assertThat(StepMetric.LOSS.verl(true)).contains("critic/vf_loss");
        assertThat(StepMetric.SECONDS_UPDATING.isReproducible()).isFalse();
    }
}
