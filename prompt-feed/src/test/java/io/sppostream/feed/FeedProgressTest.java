package io.sppostream.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FeedProgressTest {
    private final FeedProgress progress = new FeedProgress(1, true);

    @Test
    void shouldCountARequestOnceWhenItExpiresAgain() {
        expire("0000000007", "0000000007/0", ExpiryReason.INVALID_PROMPT);
        expire("0000000007", null, ExpiryReason.NO_ROLLOUT_IN_TIME);
        expire("0000000008", null, ExpiryReason.NO_ROLLOUT_IN_TIME);

        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 2));
    }

    @Test
    void shouldTellWhatIsStaleFromWhatIsLost() {
        expire("0000000007", "0000000007/0", ExpiryReason.STALE);
        expire("0000000008", "0000000008/0", ExpiryReason.INFRA_ERROR);

        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 1, 1));
    }

    /** The critic trains on it, as on stale samples. */
    @Test
    void shouldCountASampleThatThePolicyRefusesAsStale() {
        expire("0000000007", "0000000007/0", ExpiryReason.INVALID_ROLLOUT, "policy-learner");
        expire("0000000008", "0000000008/0", ExpiryReason.INVALID_ROLLOUT, "advantage-stream");

        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 1, 1));
    }

    @Test
    void shouldCountAGroupWhenAllOfItsRolloutsHaveExpired() {
        FeedProgress progress = new FeedProgress(3, false);
        expire(progress, "0000000007", "0000000007/0", ExpiryReason.EVIDENCE, "advantage-stream");
        expire(progress, "0000000007", "0000000007/2", ExpiryReason.EVIDENCE, "advantage-stream");
        expire(progress, "0000000007", "0000000007/2", ExpiryReason.EVIDENCE, "advantage-stream");
        expire(progress, "0000000008", "0000000008/0", ExpiryReason.INFRA_ERROR, "advantage-stream");
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 0));

        expire(progress, "0000000007", "0000000007/1", ExpiryReason.EVIDENCE, "advantage-stream");
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 1));

        expire(progress, "0000000008", "0000000008/1", ExpiryReason.STALE, "policy-learner");
        expire(progress, "0000000008", "0000000008/2", ExpiryReason.STALE, "policy-learner");
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 1, 1, 1));

        expire(progress, "0000000009", null, ExpiryReason.INVALID_PROMPT, "rollout-producer");
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 1, 1, 2));
    }

    /** A branch may be trained although no first sample is. */
    @Test
    void shouldNotCountAGroupThatGaveSamplesAsLost() {
        FeedProgress progress = new FeedProgress(2, false);
        for (String rollout : List.of("/0", "/1", "~0123456789abcdef/0")) {
            take(progress, "0000000007", "0000000007" + rollout, ExpiryReason.EVIDENCE, "advantage-stream", 2);
        }
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 0));

        take(progress, "0000000007", "0000000007~0123456789abcdef/1", ExpiryReason.STALE, "policy-learner", 2);
        take(progress, "0000000007", "0000000007~0123456789abcdef/1", ExpiryReason.STALE, "policy-learner", 2);
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 0));

        take(progress, "0000000007", "0000000007~0123456789abcdef/2", ExpiryReason.STALE, "policy-learner", 2);
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 1, 1, 0));
    }

    @Test
    void shouldNotCountFollowUpsAsFirstSamples() {
        FeedProgress progress = new FeedProgress(2, false);
        expire(progress, "0000000007", "0000000007/0", ExpiryReason.NOT_JUDGED, "advantage-stream");
        expire(progress, "0000000007", "0000000007~0123456789abcdef/1", ExpiryReason.NOT_JUDGED, "advantage-stream");
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 0));

        expire(progress, "0000000007", "0000000007/1", ExpiryReason.NOT_JUDGED, "advantage-stream");
        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 1));
    }

    @Test
    void shouldNotCountRequestsOfOthers() {
        expire("7", "7/0", ExpiryReason.INVALID_PROMPT);
        expire("a-request", "a-request/0", ExpiryReason.INVALID_PROMPT);
        expire("99999999999999999999", null, ExpiryReason.NO_ROLLOUT_IN_TIME);

        assertThat(progress.counts()).isEqualTo(new Pacing.Counts(0, 0, 0, 0));
    }

    private void expire(String requestId, @Nullable String rolloutId, ExpiryReason reason) {
        expire(requestId, rolloutId, reason, "test");
    }

    private void expire(String requestId, @Nullable String rolloutId, ExpiryReason reason, String decidedBy) {
        expire(progress, requestId, rolloutId, reason, decidedBy);
    }

    private static void expire(
            FeedProgress progress,
            String requestId,
            @Nullable String rolloutId,
            ExpiryReason reason,
            String decidedBy) {
        take(progress, requestId, rolloutId, reason, decidedBy, 0);
    }

    private static void take(
            FeedProgress progress,
            String requestId,
            @Nullable String rolloutId,
            ExpiryReason reason,
            String decidedBy,
            int groupSamples) {
        progress.take(new Expired(requestId, rolloutId, reason, "", decidedBy, Instant.EPOCH, groupSamples));
    }
}
