package io.sppostream.log.access;

import io.sppostream.events.access.AccessCatalogue;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.access.Grant;
import io.sppostream.events.access.Operation;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.AccessDenied;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Creates the ACLs of the access catalogue on a cluster. Stateless. */
public final class AccessAdmin {
    private static final long TIMEOUT_SECONDS = 30;
    private static final String ANY_HOST = "*";

    private AccessAdmin() {}

    /** The ACLs of roles for a run, each allowing one operation from any host. */
    public static List<AclBinding> bindings(Collection<AccessRole> roles, Topics topics, Principals principals) {
        List<AclBinding> bindings = new ArrayList<>();
        for (AccessRole role : roles) {
            for (Grant grant : AccessCatalogue.of(role, topics)) {
                ResourcePattern resource = new ResourcePattern(
                        type(grant.kind()),
                        grant.name(),
                        grant.isPrefix() ? PatternType.PREFIXED : PatternType.LITERAL);
                for (Operation operation : grant.operations()) {
                    bindings.add(new AclBinding(
                            resource,
                            new AccessControlEntry(
                                    principals.of(role, topics.namespace()),
                                    ANY_HOST,
                                    AclOperation.fromString(operation.name()),
                                    AclPermissionType.ALLOW)));
                }
            }
        }
        return bindings;
    }

    private static ResourceType type(Grant.Kind kind) {
        return switch (kind) {
            case TOPIC -> ResourceType.TOPIC;
            case GROUP -> ResourceType.GROUP;
            case TRANSACTIONAL_ID -> ResourceType.TRANSACTIONAL_ID;
        };
    }

    /**
     * Creates the ACLs that are missing; none is removed.
     *
     * @return how many ACLs the roles have
     * @throws LogException if the cluster has no authorizer, or this user may not alter it
     */
    public static int apply(KafkaSettings kafka, Collection<AccessRole> roles, Topics topics, Principals principals) {
        List<AclBinding> bindings = bindings(roles, topics, principals);
        try (Admin admin = kafka.clients().admin(kafka.admin())) {
            admin.createAcls(bindings).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            return bindings.size();
        } catch (ExecutionException | KafkaException | TimeoutException e) {
            Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
            if (cause instanceof SecurityDisabledException) {
                throw new LogException(
                        "the cluster at " + kafka.bootstrapServers()
                                + " has no authorizer, so that there is nothing to permit: its brokers need"
                                + " authorizer.class.name",
                        e);
            }
            throw new LogException(
                    "the ACLs can't be created at " + kafka.bootstrapServers() + ": "
                            + AccessDenied.explain(e, kafka.user(), Set.of())
                                    .map(why -> why + "; creating ACLs takes Alter on the cluster")
                                    .orElseGet(() -> LogException.reason(e)),
                    e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
