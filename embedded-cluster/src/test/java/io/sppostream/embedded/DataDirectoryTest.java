package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path temp;

    @Test
    void shouldRefuseASecondRunWhenTheDirectoryIsInUse() {
        Path data = temp.resolve("new").resolve("data");
        try (DataDirectory held = DataDirectory.lock(data)) {
            assertThatThrownBy(() -> EmbeddedCluster.start(new EmbeddedSettings(data)))
                    .isInstanceOf(EmbeddedException.class)
                    .hasMessageContaining(held.path().toString())
                    .hasMessageContaining("process " + ProcessHandle.current().pid())
                    .hasMessageContaining("--data-dir");
        }
        DataDirectory.lock(data).close();
    }

    @Test
    void shouldSayWhatToDoWhenAFileIsInTheWay() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "");
        assertThatThrownBy(() -> DataDirectory.lock(file))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("--data-dir");
    }

    @Test
    void shouldRefusePortsWhenTheyAreInvalid() {
        assertThatThrownBy(() -> new EmbeddedSettings(temp, 65536, 0))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("broker port 65536");
        assertThatThrownBy(() -> new EmbeddedSettings(temp, 9092, 9092))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("9092");
        assertThat(new EmbeddedSettings(temp).brokerPort()).isZero();
    }
}
