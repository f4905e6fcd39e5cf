package io.sppostream.history.replay;

import org.jspecify.annotations.Nullable;

/**
 * A rollout whose reward differs from the recorded one, or that only one of the two has rewarded.
 *
 * @param reference the reference answer
 * @param text the response
 * @param before status of the recorded verdict; if the rollout was not rewarded, why it was not trained
 * @param rewardBefore null if there was none
 * @param after status of the replay's verdict, or {@code none}
 * @param rewardAfter null if it is not judged
 */
record RewardFlip(
        String rolloutId,
        String reference,
        String text,
        String before,
        @Nullable Double rewardBefore,
        String after,
        @Nullable Double rewardAfter) {}
