package io.sppostream.log.access;

import io.sppostream.events.access.AccessCatalogue;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.access.Grant;
import io.sppostream.events.access.Operation;
import io.sppostream.events.catalogue.Topics;
import java.util.Collection;
import java.util.stream.Collectors;

/** The access catalogue as commands of Kafka's own tool, for whoever administers the cluster. Stateless. */
public final class AccessCommands {
    private AccessCommands() {}

    /**
     * One {@code kafka-acls.sh} command a grant, as a shell script.
     *
     * @param bootstrapServers of the cluster
     */
    public static String script(
            Collection<AccessRole> roles, Topics topics, Principals principals, String bootstrapServers) {
        StringBuilder text = new StringBuilder();
        text.append("# Permissions of the roles of run ")
                .append(topics.namespace())
                .append('\n');
        text.append("acls() { kafka-acls.sh --bootstrap-server ")
                .append(bootstrapServers)
                .append(" --command-config admin.properties --add \"$@\"; }\n");
        for (AccessRole role : roles) {
            text.append("\n# ")
                    .append(role.id())
                    .append(": ")
                    .append(role.programs())
                    .append('\n');
            for (Grant grant : AccessCatalogue.of(role, topics)) {
                text.append("acls --allow-principal '")
                        .append(principals.of(role, topics.namespace()))
                        .append("' ")
                        .append(arguments(grant))
                        .append('\n');
            }
        }
        return text.toString();
    }

    /** Resource and operations of a grant, as {@code kafka-acls.sh} takes them. */
    private static String arguments(Grant grant) {
        return grant.operations().stream()
                        .map(Operation::id)
                        .map(operation -> "--operation " + operation + " ")
                        .collect(Collectors.joining())
                + "--" + grant.kind().id() + " " + grant.name()
                + (grant.isPrefix() ? " --resource-pattern-type prefixed" : "");
    }
}
