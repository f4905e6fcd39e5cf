package io.sppostream.estimator;

import org.jspecify.annotations.Nullable;

/**
 * A rollout that only serves to estimate the advantages of others: a baseline, or a completion of a prefix. Only its
 * reward is used, so that a group does not hold its tokens.
 *
 * @param id the id of the rollout
 * @param requestId the follow-up that asked for it
 * @param index which of the request's rollouts it is, from 0
 * @param reward R; null if it is not judged yet
 */
public record Evidence(
        String id, String requestId, int index, @Nullable Double reward) {}
