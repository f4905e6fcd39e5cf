package io.sppostream.feed;

import io.sppostream.events.catalogue.RoleName;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The datasets of a mixture whose prompts one {@link Feed} releases. The shards of a run have no dataset in common and
 * cover all of them.
 *
 * @param dataset the only one; null for all that have no shard of their own
 * @param apart the datasets that have one
 * @param yields whether the feed ends without a failure when another process takes the shard over, because its process
 *     has further shards
 */
public record FeedShard(@Nullable String dataset, Set<String> apart, boolean yields) {
    /** All datasets. */
    public static final FeedShard ALL = new FeedShard(null, Set.of(), false);

    /** Name of the shard's role; its transactional id follows from it, so that one process at a time releases a shard. */
    String role() {
        return dataset == null ? RoleName.FEED : RoleName.FEED + "-" + dataset;
    }

    /** Whether the prompts of a dataset belong to the shard. */
    boolean has(String name) {
        return dataset == null ? !apart.contains(name) : dataset.equals(name);
    }
}
