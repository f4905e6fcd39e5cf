package io.sppostream.events.access;

import static io.sppostream.events.access.Operation.CREATE;
import static io.sppostream.events.access.Operation.DELETE;
import static io.sppostream.events.access.Operation.DESCRIBE;
import static io.sppostream.events.access.Operation.DESCRIBE_CONFIGS;
import static io.sppostream.events.access.Operation.READ;
import static io.sppostream.events.access.Operation.WRITE;

import io.sppostream.events.access.Grant.Kind;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The permissions that each role needs, and no more. An integration test runs every role as a user with these permissions
 * only, so a role that begins to use another topic fails there until this catalogue has it. Stateless.
 *
 * <p>Two rules explain most of it. A role reads what it writes, to see whether its consumer group has forgotten its
 * offsets. A role writes to the dead-letter topics of its inputs, and reads none of them.
 */
public final class AccessCatalogue {
    private final Topics topics;
    private final Map<Resource, Set<Operation>> granted = new LinkedHashMap<>();

    private record Resource(Kind kind, String name, boolean isPrefix) {}

    private AccessCatalogue(Topics topics) {
        this.topics = topics;
    }

    /** The permissions of a role on the topics, consumer groups and transactional ids of a run. */
    public static List<Grant> of(AccessRole role, Topics topics) {
        AccessCatalogue catalogue = new AccessCatalogue(topics);
        catalogue.grant(role);
        List<Grant> grants = new ArrayList<>();
        catalogue.granted.forEach((resource, operations) ->
                grants.add(new Grant(resource.kind(), resource.name(), resource.isPrefix(), operations)));
        return List.copyOf(grants);
    }

    /** Whether a role may read a topic. */
    public static boolean mayRead(AccessRole role, Topic<?> topic, Topics topics) {
        return of(role, topics).stream()
                .anyMatch(grant -> grant.covers(Kind.TOPIC, topic.name())
                        && grant.operations().contains(READ));
    }

    private void grant(AccessRole role) {
        String id = topics.application(role.id());
        switch (role) {
            case FEED -> {
                recordStarts();
                reads(topics.trainingSteps(), topics.expired(), topics.learnerStates());
                writes(topics.prompts());
                one(Kind.TRANSACTIONAL_ID, id, WRITE);
                // Each dataset of feed.shards has its own, <run>.feed-<dataset>.
                prefix(Kind.TRANSACTIONAL_ID, id + "-", WRITE);
            }
            case ROLLOUT_PRODUCER -> {
                recordStarts();
                consumes(topics.prompts());
                reads(
                        topics.versions(ModelKind.POLICY),
                        topics.startWeights(ModelKind.POLICY),
                        topics.weights(ModelKind.POLICY));
                writes(topics.rollouts(), topics.expired());
                measures(topics.rollouts());
                one(Kind.GROUP, id, READ);
                prefix(Kind.TRANSACTIONAL_ID, id + "-", WRITE);
            }
            case REWARD_VERIFIER -> {
                recordStarts();
                consumes(topics.rollouts());
                writes(topics.verdicts());
                // The inline verifiers share a group; each asynchronous one has its own, <run>.reward-verifier.<name>.
                prefix(Kind.GROUP, id, READ);
                prefix(Kind.TRANSACTIONAL_ID, id, WRITE);
            }
            case VERIFIER_PLUGIN -> {
                consumes(topics.rollouts());
                one(Kind.TOPIC, topics.verdicts().name(), WRITE);
                String own = topics.application(AccessRole.REWARD_VERIFIER.id()) + ".";
                prefix(Kind.GROUP, own, READ);
                prefix(Kind.TRANSACTIONAL_ID, own, WRITE);
            }
            case ADVANTAGE_STREAM -> {
                recordStarts();
                consumes(topics.rollouts(), topics.verdicts(), topics.values(), topics.expired());
                writes(topics.advantages(), topics.expired());
                // Follow-up prompts.
                one(Kind.TOPIC, topics.prompts().name(), WRITE);
                one(Kind.GROUP, id, READ);
                prefix(Kind.TRANSACTIONAL_ID, id + "-", WRITE);
                // Kafka Streams creates the changelogs of the stores itself.
                prefix(Kind.TOPIC, id + "-", CREATE, READ, WRITE, DESCRIBE_CONFIGS);
            }
            case POLICY_LEARNER -> {
                recordStarts();
                trains(ModelKind.POLICY, id);
                writes(topics.learnerStates());
            }
            case CRITIC -> {
                recordStarts();
                trains(ModelKind.CRITIC, id);
                consumes(topics.prompts(), topics.rollouts());
                writes(topics.values());
            }
            case CRITIC_SCORER -> {
                recordStarts();
                consumes(topics.prompts(), topics.rollouts());
                reads(
                        topics.versions(ModelKind.CRITIC),
                        topics.startWeights(ModelKind.CRITIC),
                        topics.weights(ModelKind.CRITIC));
                writes(topics.values(), topics.expired());
                one(Kind.GROUP, id, READ);
                prefix(Kind.TRANSACTIONAL_ID, id + "-", WRITE);
            }
            case APPLICATION -> {
                one(Kind.TOPIC, topics.prompts().name(), WRITE);
                reads(
                        topics.runs(),
                        topics.rollouts(),
                        topics.verdicts(),
                        topics.advantages(),
                        topics.expired(),
                        topics.versions(ModelKind.POLICY));
            }
            case READER -> {
                prefix(Kind.TOPIC, topics.application(""), READ);
                prefix(Kind.GROUP, topics.application(""), DESCRIBE);
            }
            case OPERATOR -> {
                prefix(Kind.TOPIC, topics.application(""), CREATE, READ, WRITE, DELETE, DESCRIBE_CONFIGS);
                prefix(Kind.GROUP, topics.application(""), READ, DELETE);
                prefix(Kind.TRANSACTIONAL_ID, topics.application(""), WRITE);
            }
        }
    }

    /** Roles check that they are configured as the run is, and record how they were started. */
    private void recordStarts() {
        writes(topics.runs());
    }

    private void trains(ModelKind kind, String id) {
        consumes(topics.advantages());
        writes(
                topics.trainingSteps(),
                topics.expired(),
                topics.versions(kind),
                topics.startWeights(kind),
                topics.weights(kind));
        // Retention of old versions.
        one(Kind.TOPIC, topics.weights(kind).name(), DELETE);
        one(Kind.GROUP, id, READ);
        one(Kind.TRANSACTIONAL_ID, id, WRITE);
    }

    private void reads(Topic<?>... read) {
        for (Topic<?> topic : read) {
            one(Kind.TOPIC, topic.name(), READ);
        }
    }

    private void consumes(Topic<?>... inputs) {
        reads(inputs);
        for (Topic<?> input : inputs) {
            one(Kind.TOPIC, input.deadLetters(), WRITE);
        }
    }

    private void writes(Topic<?>... outputs) {
        for (Topic<?> topic : outputs) {
            one(Kind.TOPIC, topic.name(), READ, WRITE);
        }
    }

    /** Asks how large a record may be before sending one of more than 1 MB. */
    private void measures(Topic<?> topic) {
        one(Kind.TOPIC, topic.name(), DESCRIBE_CONFIGS);
    }

    private void one(Kind kind, String name, Operation... operations) {
        add(new Resource(kind, name, false), operations);
    }

    private void prefix(Kind kind, String name, Operation... operations) {
        add(new Resource(kind, name, true), operations);
    }

    private void add(Resource resource, Operation... operations) {
        granted.computeIfAbsent(resource, unused -> EnumSet.noneOf(Operation.class))
                .addAll(Set.of(operations));
    }
}
