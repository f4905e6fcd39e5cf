package io.sppostream.estimator.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.estimator.EstimatorFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The tables of the built-in estimators on their page. */
class DocumentedEstimatorsTest {
    private static final Path PAGE = Path.of("../docs/estimators.md");
    private static final EstimatorCatalogue CATALOGUE = EstimatorCatalogue.open();

    @Test
    void shouldDescribeEveryEstimatorWhenItIsBuiltIn() throws IOException {
        List<String> lines = Files.readAllLines(PAGE);
        for (EstimatorFactory factory : CATALOGUE.factories()) {
            int samples = CATALOGUE.create(factory.name(), Map.of()).needs().samples();
            assertThat(lines)
                    .as("a row of %s, with its %s samples", factory.name(), samples)
                    .anyMatch(line -> line.startsWith("| `" + factory.name() + "` | " + samples + " |"));
        }
    }

    @Test
    void shouldListEverySettingWhenTheTableIsPrinted() throws IOException {
        List<String> table = new ArrayList<>();
        table.add("| estimator | setting | type | default | bounds | |");
        table.add("|---|---|---|---|---|---|");
        for (EstimatorFactory factory : CATALOGUE.factories()) {
            factory.settings()
                    .forEach(setting -> table.add("| `" + factory.name() + "` | `" + setting.name() + "` | "
                            + setting.type() + " | `" + setting.printedDefault() + "` | " + setting.bounds() + " | "
                            + setting.description() + " |"));
        }

        assertThat(Files.readString(PAGE))
                .as("the table of settings is to be:\n%s", String.join("\n", table))
                .contains(String.join("\n", table) + "\n");
    }
}
