package io.sppostream.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritableDirectoryTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldCreateADirectoryThatIsMissingAndLeaveNothingInIt() {
        WritableDirectory.require(directory.resolve("runs/a"), "--runs-dir");

        assertThat(directory.resolve("runs/a")).isEmptyDirectory();
    }

    @Test
    void shouldSayWhatIsWrongWhenAFileIsInTheWay() throws IOException {
        Path file = Files.writeString(directory.resolve("runs"), "");

        assertThatThrownBy(() -> WritableDirectory.require(file.resolve("a"), "--runs-dir"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("cannot write to " + file.resolve("a"))
                .hasMessageContaining("as --runs-dir");
    }
}
