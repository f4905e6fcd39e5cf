package io.sppostream.events.access;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Operations that a role may perform on a resource. Immutable.
 *
 * @param kind of the resource
 * @param name of the resource, or what its name begins with
 * @param isPrefix whether the grant covers all resources whose names begin with {@code name}
 * @param operations at least one
 */
public record Grant(Kind kind, String name, boolean isPrefix, Set<Operation> operations) {

    /** The kinds of resources that the roles use. */
    public enum Kind {
        TOPIC("topic"),
        GROUP("group"),
        TRANSACTIONAL_ID("transactional-id");

        private final String id;

        Kind(String id) {
            this.id = id;
        }

        /** The name of the option of {@code kafka-acls.sh}. */
        public String id() {
            return id;
        }
    }

    public Grant {
        operations = Collections.unmodifiableSet(EnumSet.copyOf(operations));
    }

    /** Whether the grant is about a resource. */
    public boolean covers(Kind ofKind, String resource) {
        return kind == ofKind && (isPrefix ? resource.startsWith(name) : resource.equals(name));
    }

    /** The operations as Kafka names them, for example {@code Read, Write}. */
    public String operationNames() {
        return operations.stream().map(Operation::id).collect(Collectors.joining(", "));
    }
}
