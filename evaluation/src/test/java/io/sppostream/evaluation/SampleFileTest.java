package io.sppostream.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleFileTest {
    @TempDir
    private Path directory = Path.of("");

    private static SampleRecord sample(String problem, int index) {
        return new SampleRecord(
                problem, index, 7L, "1+1=\u00fc\n", "2", "\\boxed{2}", 5, "STOP", "CORRECT", "2", "integer", 1.0);
    }

    private Path written(SampleRecord... samples) {
        Path file = directory.resolve("samples.jsonl");
        try (SampleFile open = SampleFile.open(file)) {
            for (SampleRecord sample : samples) {
                open.add(sample);
            }
        }
        return file;
    }

    @Test
    void shouldFindWhatAnEarlierProcessHasWritten() {
        Path file = written(sample("0", 0), sample("0", 1));

        try (SampleFile again = SampleFile.open(file)) {
            assertThat(again.get("0", 1)).isEqualTo(sample("0", 1));
            assertThat(again.get("1", 0)).isNull();
        }
    }

    @Test
    void shouldRemoveATornLastLineWhereverItWasTorn() throws IOException {
        Path file = written(sample("0", 0));
        byte[] whole = Files.readAllBytes(file);
        for (int torn = 1; torn < whole.length; torn++) {
            Files.write(file, whole, StandardOpenOption.TRUNCATE_EXISTING);
            Files.write(file, Arrays.copyOf(whole, torn), StandardOpenOption.APPEND);

            try (SampleFile again = SampleFile.open(file)) {
                again.add(sample("0", 1));
            }
            assertThat(Files.readAllLines(file)).hasSize(2);
            try (SampleFile last = SampleFile.open(file)) {
                assertThat(last.get("0", 0)).isEqualTo(sample("0", 0));
                assertThat(last.get("0", 1)).isEqualTo(sample("0", 1));
            }
        }
    }

    @Test
    void shouldNameALineThatIsNoSample() throws IOException {
        Path file = written(sample("0", 0));
        Files.writeString(file, "{\"problem\": \n", StandardOpenOption.APPEND);

        assertThatThrownBy(() -> SampleFile.open(file))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("samples.jsonl, line 2 is not a sample");
    }
}
