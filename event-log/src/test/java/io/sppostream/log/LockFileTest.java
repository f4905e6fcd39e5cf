package io.sppostream.log;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
    @TempDir
    Path directory;

    @Test
    void shouldHaveOneHolderAtATime() throws Exception {
        Path file = directory.resolve("lock");
        try (LockFile held = LockFile.tryLock(file)) {
            assertThat(held).isNotNull();
            assertThat(LockFile.tryLock(directory.resolve("x/../lock"))).isNull();
        }
        try (LockFile held = LockFile.tryLock(file)) {
            assertThat(held).isNotNull();
        }
    }

    @Test
    void shouldKeepWhatIsWritten() throws Exception {
        Path file = directory.resolve("lock");
        try (LockFile held = requireNonNull(LockFile.tryLock(file))) {
            assertThat(held.read()).isEmpty();
            held.write("a longer text");
            held.write("Grüße");
            assertThat(held.read()).isEqualTo("Grüße");
            assertThat(LockFile.read(file)).isEqualTo("Grüße");
        }
        assertThat(LockFile.read(file)).isEqualTo("Grüße");
    }
}
