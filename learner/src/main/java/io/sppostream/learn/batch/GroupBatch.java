package io.sppostream.learn.batch;

import io.sppostream.events.TrainingSample;
import io.sppostream.log.EventRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The samples of a step: whole groups, the first that arrived.
 *
 * <p>The samples of a group lie next to each other on their partition, since the join writes them in one transaction. So
 * a group is a run of samples of one request there. It is complete when it has as many as its samples say, or when a
 * sample of another group follows it: one that is missing could not be read, and never comes. Groups that are not
 * complete are the last of their partitions, so a step consumes the head of each partition, and a restart neither skips
 * nor repeats a sample.
 *
 * @param samples of all its groups; empty if there are not enough groups for a step
 * @param groups that give the step at least one sample
 * @param unusable samples that were removed besides, in order of arrival
 */
public record GroupBatch(List<EventRecord<?>> samples, int groups, List<EventRecord<?>> unusable) {

    /** Consecutive samples of one request on a partition. */
    private record Run(String requestId, int size, List<EventRecord<?>> samples) {
        boolean isFull() {
            return samples.size() >= size;
        }
    }

    /** Whether there is a step to train. */
    public boolean isFull() {
        return groups > 0;
    }

    /**
     * Takes the next batch.
     *
     * <p>Unusable samples of its groups are left out. A group without usable ones does not count. If too few groups
     * remain, such groups are removed all the same, and the others stay as they are, with their unusable samples: a
     * restart could not tell a group that has lost some from one that is not complete.
     *
     * @param pending samples in order of arrival; what the batch has is removed from it
     * @param groups how many a step has
     * @param isUnusable whether a sample cannot be trained on
     */
    public static GroupBatch take(List<EventRecord<?>> pending, int groups, Predicate<EventRecord<?>> isUnusable) {
        List<Run> complete = completeRuns(pending);
        if (complete.size() < groups) {
            return new GroupBatch(List.of(), 0, List.of());
        }
        List<EventRecord<?>> samples = new ArrayList<>();
        Set<EventRecord<?>> unusable = identitySet();
        Set<EventRecord<?>> unusableBesideOthers = identitySet();
        int taken = 0;
        for (Run run : complete) {
            if (taken == groups) {
                break;
            }
            List<EventRecord<?>> usable =
                    run.samples.stream().filter(isUnusable.negate()).toList();
            if (usable.isEmpty()) {
                unusable.addAll(run.samples);
            } else {
                taken++;
                samples.addAll(usable);
                run.samples.stream().filter(isUnusable).forEach(unusableBesideOthers::add);
            }
        }
        boolean full = taken == groups;
        if (full) {
            unusable.addAll(unusableBesideOthers);
        } else {
            samples.clear();
        }
        List<EventRecord<?>> inOrder =
                pending.stream().filter(unusable::contains).toList();
        Set<EventRecord<?>> removed = identitySet();
        removed.addAll(unusable);
        removed.addAll(samples);
        pending.removeIf(removed::contains);
        return new GroupBatch(samples, full ? groups : 0, inOrder);
    }

    /** The same batch with other samples. */
    public GroupBatch withSamples(List<EventRecord<?>> others) {
        return new GroupBatch(others, groups, unusable);
    }

    /** Whether the pending samples have so many complete groups. */
    public static boolean has(List<EventRecord<?>> pending, int groups) {
        return pending.size() >= groups && completeRuns(pending).size() >= groups;
    }

    /** The number of complete groups by partition. */
    public static Map<Integer, Integer> countByPartition(List<EventRecord<?>> pending) {
        Map<Integer, Integer> counts = new HashMap<>();
        completeRuns(pending).forEach(run -> counts.merge(run.samples.get(0).partition(), 1, Integer::sum));
        return counts;
    }

    /** The complete groups in the order in which their first samples arrived. */
    private static List<Run> completeRuns(List<EventRecord<?>> pending) {
        List<Run> runs = new ArrayList<>();
        Map<Integer, Run> open = new HashMap<>();
        for (EventRecord<?> record : pending) {
            TrainingSample sample = (TrainingSample) record.event();
            String requestId = sample.getRollout().getRequestId();
            Run run = open.get(record.partition());
            if (run == null || run.isFull() || !run.requestId.equals(requestId)) {
                run = new Run(requestId, sample.getGroupSamples(), new ArrayList<>(1));
                runs.add(run);
                open.put(record.partition(), run);
            }
            run.samples.add(record);
        }
        Set<Run> last = identitySet();
        last.addAll(open.values());
        runs.removeIf(run -> !run.isFull() && last.contains(run));
        return runs;
    }

    private static <T> Set<T> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }
}
