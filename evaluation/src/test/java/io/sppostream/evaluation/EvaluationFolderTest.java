package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluationFolderTest {
    @TempDir
    private Path directory = Path.of("");

    /** vLLM names a model by the path it was given, unless told otherwise. */
    @ParameterizedTest
    @CsvSource({
        "org/model-1.5B, org/model-1.5B",
        "/models/tiny, models/tiny",
        "../../models/tiny/, models/tiny",
        "a b:c, a_b_c"
    })
    void shouldWriteResultsWithinTheFolderWhateverTheModelIsCalled(String model, String folder) {
        try (EvaluationFolder evaluation = EvaluationFolder.open(directory)) {
            Path file = evaluation.writeResults(model, "now", JsonNodeFactory.instance.objectNode());

            assertThat(file)
                    .isEqualTo(directory.resolve("results").resolve(folder).resolve("results_now.json"))
                    .exists();
        }
    }
}
