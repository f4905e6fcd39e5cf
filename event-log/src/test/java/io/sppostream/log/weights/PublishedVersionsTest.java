package io.sppostream.log.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PublishedVersionsTest {
    private int onLog = -1;
    private int reads;
    private final PublishedVersions versions = new PublishedVersions(Duration.ofMillis(1), () -> {
        reads++;
        return onLog;
    });

    @Test
    void shouldNotReadTheLogForAVersionThatIsKnown() throws InterruptedException {
        versions.add(4);
        versions.add(2);
        assertThat(versions.contains(0, System.nanoTime())).isTrue();
        assertThat(versions.contains(4, System.nanoTime())).isTrue();
        assertThat(versions.newest()).isEqualTo(4);
        assertThat(reads).isZero();
    }

    @Test
    void shouldTakeAnyPromptThatDemandsNoVersion() throws InterruptedException {
        assertThat(versions.contains(0, System.nanoTime())).isTrue();
        assertThat(versions.contains(-1, System.nanoTime())).isTrue();
        assertThat(reads).isZero();
    }

    /** The feed names the version that is current, which the producer may not have read yet. */
    @Test
    void shouldFindAVersionThatIsOnTheLogAlready() throws InterruptedException {
        versions.add(4);
        onLog = 6;
        assertThat(versions.contains(5, System.nanoTime())).isTrue();
        assertThat(versions.contains(6, System.nanoTime())).isTrue();
        assertThat(reads).isEqualTo(1);
    }

    @Test
    void shouldRefuseAVersionThatIsNotOnTheLogUntilItIs() throws InterruptedException {
        onLog = 4;
        assertThat(versions.contains(5, System.nanoTime())).isFalse();
        assertThat(versions.contains(Integer.MAX_VALUE, System.nanoTime())).isFalse();
        onLog = 5;
        assertThat(versions.contains(5, System.nanoTime())).isTrue();
    }

    @Test
    void shouldLookOnceForAllPromptsThatWereReadBefore() throws InterruptedException {
        long since = System.nanoTime();
        for (int version = 1_000; version < 1_100; version++) {
            assertThat(versions.contains(version, since)).isFalse();
        }
        assertThat(reads).isEqualTo(1);
    }
}
