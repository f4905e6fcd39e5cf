package io.sppostream.learn;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsFollower;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows the versions of a model in its own time: it starts late, polls rarely, skips versions, leaves and returns. Each
 * version that it fetches has the bytes of its manifest. A version may be gone only if it is older than the last snapshot
 * but one.
 */
final class LateReader {
    private final KafkaSettings kafka;
    private final Topics topics;
    private final ModelKind kind;
    private final Random random;
    private final IntSupplier oldestKept;
    private final List<WeightsManifest> polled = new ArrayList<>();
    private @Nullable WeightsFollower log;

    /** @param oldestKept the oldest version whose bytes must be on the log, apart from the start weights */
    LateReader(KafkaSettings kafka, Topics topics, ModelKind kind, Random random, IntSupplier oldestKept) {
        this.kafka = kafka;
        this.topics = topics;
        this.kind = kind;
        this.random = random;
        this.oldestKept = oldestKept;
    }

    /** Opens a follower, polls, fetches or leaves, at random. */
    void act() {
        WeightsFollower open = log;
        if (open == null) {
            int from = random.nextInt(3) == 0 ? WeightsFollower.NEWEST : random.nextInt(6);
            log = new WeightsFollower(new RunLog(kafka, TestEvents.SERDES, topics), kind, from);
        } else if (random.nextInt(12) == 0) {
            leave(open);
        } else if (polled.isEmpty() || random.nextBoolean()) {
            polled.addAll(open.poll(Duration.ZERO));
        } else {
            fetch(open, random.nextInt(polled.size()));
        }
    }

    /** Catches up with a model's newest version, whose bytes must be on the log. */
    void catchUp(WeightsManifest newest) {
        while (log == null || polled.isEmpty() || !polled.get(polled.size() - 1).equals(newest)) {
            act();
        }
        fetch(log, polled.size() - 1);
        leave(log);
    }

    private void leave(WeightsFollower open) {
        open.close();
        polled.clear();
        log = null;
    }

    private void fetch(WeightsFollower open, int index) {
        WeightsManifest wanted = polled.get(index);
        polled.subList(0, index + 1).clear();
        MessageDigest sha256 = Hashes.sha256();
        boolean there = open.fetch(wanted, channel -> sha256.update(bytes(channel)));
        if (there) {
            assertThat(Hashes.hex(sha256))
                    .as("weights of version %d", wanted.getVersion())
                    .isEqualTo(wanted.getSha256());
        } else {
            assertThat(wanted.getVersion())
                    .as("a version that is gone")
                    .isPositive()
                    // The snapshot of a learner that stops replaces the bytes of its own version.
                    .isLessThanOrEqualTo(oldestKept.getAsInt());
        }
    }

    private static byte[] bytes(ReadableByteChannel channel) throws IOException {
        return Channels.newInputStream(channel).readAllBytes();
    }
}
