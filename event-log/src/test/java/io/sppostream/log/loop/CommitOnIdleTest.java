package io.sppostream.log.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.junit.jupiter.api.Test;

class CommitOnIdleTest {
    private final MockProcessorContext<String, String> context = new MockProcessorContext<>();
    private final CommitOnIdle commits = new CommitOnIdle(context);

    private void tick() {
        context.scheduledPunctuators().get(0).getPunctuator().punctuate(0);
    }

    @Test
    void shouldCommitOnceWhenInputPauses() {
        commits.forwarded();
        commits.forwarded();
        tick();
        assertThat(context.committed()).isFalse();

        tick();
        assertThat(context.committed()).isTrue();

        context.resetCommit();
        tick();
        tick();
        assertThat(context.committed()).isFalse();
    }

    @Test
    void shouldNotCommitWhileRecordsKeepArriving() {
        for (int i = 0; i < 5; i++) {
            commits.forwarded();
            tick();
        }
        assertThat(context.committed()).isFalse();
    }

    @Test
    void shouldNotCommitWhenNothingWasForwarded() {
        tick();
        tick();
        assertThat(context.committed()).isFalse();
    }
}
