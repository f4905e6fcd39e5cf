package io.sppostream.log.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CommitAfterPollTest {
    private final MockProcessorContext<String, String> context = new MockProcessorContext<>();
    private final PolledRecords polled = new PolledRecords();
    private final CommitAfterPoll commits = new CommitAfterPoll(context, polled);
    private long now = 1_000_000;

    @BeforeEach
    void startClock() {
        passMillis(0);
    }

    private void passMillis(long millis) {
        now += millis;
        context.setCurrentSystemTimeMs(now);
    }

    private void process(int records) {
        for (int i = 0; i < records; i++) {
            commits.forwarded();
            commits.processed();
        }
    }

    private void tick() {
        context.scheduledPunctuators().get(0).getPunctuator().punctuate(now);
    }

    private boolean committed() {
        boolean committed = context.committed();
        context.resetCommit();
        return committed;
    }

    @Test
    void shouldCommitWithTheLastRecordOfAPoll() {
        polled.polled(3, false);
        process(2);
        tick();
        assertThat(committed()).isFalse();

        process(1);
        assertThat(committed()).isTrue();

        passMillis(100);
        tick();
        assertThat(committed()).isFalse();
    }

    @Test
    void shouldCommitSeldomWhileTheTopicsHoldMore() {
        polled.polled(1, false);
        process(1);
        assertThat(committed()).isTrue();

        polled.polled(2, true);
        process(2);
        passMillis(299);
        tick();
        assertThat(committed()).isFalse();

        passMillis(1);
        tick();
        assertThat(committed()).isTrue();

        polled.polled(1, true);
        process(1);
        passMillis(10);
        polled.polled(0, false);
        tick();
        assertThat(committed()).isTrue();
    }

    @Test
    void shouldCommitOnceInTenMillisecondsWhenRecordsTrickleIn() {
        polled.polled(1, false);
        process(1);
        assertThat(committed()).isTrue();

        passMillis(3);
        polled.polled(1, false);
        process(1);
        tick();
        assertThat(committed()).isFalse();

        passMillis(7);
        tick();
        assertThat(committed()).isTrue();
    }

    @Test
    void shouldCommitAfterTheNextPollWhenARecordWentToTheDlq() {
        polled.polled(2, false);
        process(1);
        tick();
        assertThat(committed()).isFalse();

        polled.polled(0, false);
        tick();
        assertThat(committed()).isTrue();
    }

    @Test
    void shouldNotCommitWhenNothingWasForwarded() {
        polled.polled(1, false);
        commits.processed();
        passMillis(100);
        tick();
        assertThat(committed()).isFalse();
    }
}
