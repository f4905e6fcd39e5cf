package io.sppostream.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerStateTest {
    @TempDir
    Path temp;

    @Test
    void shouldReadWhatItWroteWhenThereIsAFile() throws IOException {
        Path file = temp.resolve("broker.state");
        assertThat(BrokerState.read(file)).isEmpty();
        BrokerState state = new BrokerState(12, Instant.parse("2026-01-02T03:04:05.060Z"), 9092);
        state.write(file);
        assertThat(BrokerState.read(file)).contains(state);
        Files.writeString(file, "pid=12\nstar");
        assertThat(BrokerState.read(file)).isEmpty();
    }

    @Test
    void shouldNotMistakeAProgramForTheBrokerWhenOnlyIdAndTimeAgree() {
        ProcessHandle self = ProcessHandle.current();
        Instant started = self.info().startInstant().orElseThrow();
        assertThat(new BrokerState(self.pid(), started, 9092).process(temp)).isEmpty();
    }
}
