package io.sppostream.log.access;

import io.sppostream.events.access.AccessCatalogue;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.access.Grant;
import io.sppostream.events.access.Operation;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * The topics of a run and the users of its roles as resources of Strimzi, the Kafka operator of Kubernetes ({@code
 * kafka.strimzi.io/v1}). Stateless.
 */
public final class StrimziManifests {
    private static final Pattern KUBERNETES_NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");
    private static final String SEPARATOR = "---\n";

    private StrimziManifests() {}

    /**
     * A KafkaTopic for each topic, dead-letter topics included.
     *
     * @param cluster name of the Kafka resource
     * @param replication replicas of each partition; -1 for the broker's default
     * @param more properties of all topics, besides those of the catalogue
     */
    public static String topics(Topics topics, String cluster, short replication, Map<String, String> more) {
        StringBuilder yaml = new StringBuilder();
        for (NewTopic topic : TopicAdmin.all(topics, replication)) {
            header(yaml, "KafkaTopic", resourceName(topic.name()), cluster);
            yaml.append("spec:\n");
            yaml.append("  topicName: ").append(topic.name()).append('\n');
            yaml.append("  partitions: ").append(topic.numPartitions()).append('\n');
            if (replication > 0) {
                yaml.append("  replicas: ").append(replication).append('\n');
            }
            yaml.append("  config:\n");
            Map<String, String> config = new TreeMap<>(topic.configs());
            config.putAll(more);
            config.forEach((name, value) -> yaml.append("    ")
                    .append(name)
                    .append(": ")
                    .append(scalar(value))
                    .append('\n'));
        }
        return yaml.toString();
    }

    /**
     * A KafkaUser for each role, with SCRAM credentials and the ACLs of the catalogue.
     *
     * @param cluster name of the Kafka resource
     * @throws UserException if a principal is not a name that Kubernetes accepts
     */
    public static String users(Collection<AccessRole> roles, Topics topics, Principals principals, String cluster) {
        StringBuilder yaml = new StringBuilder();
        for (AccessRole role : roles) {
            String user = principals.user(role, topics.namespace());
            if (!KUBERNETES_NAME.matcher(user).matches()) {
                throw new UserException("'" + user + "' can't be the name of a KafkaUser: give a --principal such as"
                        + " User:sppo-{role} of lower-case letters, digits, '-' and '.'");
            }
            header(yaml, "KafkaUser", user, cluster);
            yaml.append("spec:\n");
            yaml.append("  authentication:\n    type: scram-sha-512\n");
            yaml.append("  authorization:\n    type: simple\n    acls:\n");
            for (Grant grant : AccessCatalogue.of(role, topics)) {
                yaml.append("      - resource:\n");
                yaml.append("          type: ").append(type(grant.kind())).append('\n');
                yaml.append("          name: ").append(grant.name()).append('\n');
                yaml.append("          patternType: ")
                        .append(grant.isPrefix() ? "prefix" : "literal")
                        .append('\n');
                yaml.append("        operations: [")
                        .append(String.join(
                                ", ",
                                grant.operations().stream().map(Operation::id).toList()))
                        .append("]\n");
            }
        }
        return yaml.toString();
    }

    private static void header(StringBuilder yaml, String kind, String name, String cluster) {
        yaml.append(SEPARATOR)
                .append("apiVersion: kafka.strimzi.io/v1\n")
                .append("kind: ")
                .append(kind)
                .append("\nmetadata:\n  name: ")
                .append(name)
                .append("\n  labels:\n    strimzi.io/cluster: ")
                .append(cluster)
                .append("\n    app.kubernetes.io/part-of: sppo-stream\n");
    }

    private static String type(Grant.Kind kind) {
        return switch (kind) {
            case TOPIC -> "topic";
            case GROUP -> "group";
            case TRANSACTIONAL_ID -> "transactionalId";
        };
    }

    /** Names of topics are names of Kubernetes but for underscores and upper case. */
    private static String resourceName(String topic) {
        return topic.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String scalar(String value) {
        return value.matches("-?[0-9]+") ? value : '"' + value + '"';
    }
}
