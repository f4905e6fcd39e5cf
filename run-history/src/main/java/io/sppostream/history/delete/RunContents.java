package io.sppostream.history.delete;

import java.util.List;

/**
 * Everything that a cluster has of a run.
 *
 * @param topics names of its topics, the one that records the run's starts last: catalogue, dead letters, and internal
 *     topics of its stream applications
 * @param groups ids of its consumer groups
 * @param bytes of its topics on the disks of all brokers, replicas included
 */
public record RunContents(List<String> topics, List<String> groups, long bytes) {}
