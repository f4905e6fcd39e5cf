package io.sppostream.log;

import io.sppostream.events.access.AccessCatalogue;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.access.Grant;
import io.sppostream.events.access.Grant.Kind;
import io.sppostream.events.access.Operation;
import io.sppostream.events.catalogue.Topics;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.security.auth.login.LoginException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * Explains that a cluster refuses a client: who was refused what, and the command that grants it. Brokers say neither who
 * nor which operation; the access catalogue knows what a role needs. Stateless.
 */
public final class AccessDenied {
    /** The name of a topic, group or transactional id of a run. */
    private static final Pattern NAMES = Pattern.compile("[A-Za-z0-9_-]{1,100}\\.[A-Za-z0-9._-]+");

    /** Of the names of exceptions that Kafka puts before a message. */
    private static final Pattern EXCEPTIONS = Pattern.compile("^(?:[\\w.]+(?:Exception|Error): )+");

    /** Kafka's clients fetch tokens from URLs that this Java property allows. */
    private static final Pattern TOKEN_URL_NOT_ALLOWED = Pattern.compile(
            "Invalid value (\\S+) for .*'(org\\.apache\\.kafka\\.sasl\\.oauthbearer\\.allowed\\.urls)'");

    private AccessDenied() {}

    /**
     * The explanation of an error; empty if no cause of it is a refusal.
     *
     * @param user as {@link KafkaSettings#user()} says
     * @param roles that the client acts in; if there are none, those that read runs are assumed
     */
    public static Optional<String> explain(Throwable error, String user, Collection<AccessRole> roles) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof AuthorizationException refusal) {
                return Optional.of(unauthorized(refusal, user, roles));
            }
            if (cause instanceof SslAuthenticationException) {
                return Optional.of("no TLS connection to the cluster: " + LogException.reason(cause)
                        + " (check ssl.truststore.location of the client properties, and that the broker's certificate"
                        + " names its host)");
            }
            if (cause instanceof AuthenticationException) {
                return Optional.of("the cluster does not accept the credentials of " + user + ": "
                        + LogException.reason(cause) + " (check sasl.mechanism and sasl.jaas.config of the client"
                        + " properties)");
            }
            if (cause instanceof LoginException) {
                return Optional.of(user + " gets no token: "
                        + EXCEPTIONS.matcher(LogException.reason(cause)).replaceFirst("")
                        + " (check sasl.oauthbearer.* and sasl.jaas.config of the client properties)");
            }
            Matcher notAllowed = TOKEN_URL_NOT_ALLOWED.matcher(String.valueOf(cause.getMessage()));
            if (notAllowed.find()) {
                return Optional.of("Kafka's clients may not fetch tokens from " + notAllowed.group(1)
                        + ": allow it by JAVA_OPTS=-D" + notAllowed.group(2) + "=" + notAllowed.group(1));
            }
        }
        return Optional.empty();
    }

    /**
     * The error to show to the user: the explanation, or the error itself if it is not a refusal.
     *
     * @param roles that the client acts in
     */
    public static RuntimeException explained(
            RuntimeException error, KafkaSettings kafka, Collection<AccessRole> roles) {
        Optional<String> text = explain(error, kafka.user(), roles);
        return text.isPresent() ? new LogException(text.get(), error) : error;
    }

    private static String unauthorized(AuthorizationException refusal, String user, Collection<AccessRole> roles) {
        Kind kind = kind(refusal);
        List<String> names = names(refusal);
        boolean ofARun = names.stream().allMatch(name -> NAMES.matcher(name).matches());
        if (kind == null || !ofARun || (names.isEmpty() && roles.isEmpty())) {
            return "the cluster denies " + user + " what this command needs: " + LogException.reason(refusal)
                    + " (./sppo topics --acls prints the permissions of each role)";
        }
        String run =
                names.isEmpty() ? "RUN" : names.get(0).substring(0, names.get(0).indexOf('.'));
        Topics topics = new Topics(run, 1);
        AccessRole role = role(roles, kind, names, topics);
        Set<Operation> needed = EnumSet.noneOf(Operation.class);
        AccessCatalogue.of(role, topics).stream()
                .filter(grant -> grant.kind() == kind
                        && (names.isEmpty() || names.stream().anyMatch(name -> grant.covers(kind, name))))
                .map(Grant::operations)
                .forEach(needed::addAll);
        String resource = kind.id() + (names.isEmpty() ? "" : " " + String.join(", ", names));
        String operations = needed.stream().map(Operation::id).collect(Collectors.joining(", "));
        String principal = user.startsWith(KafkaSettings.USER_PREFIX)
                ? " --principal User:" + user.substring(KafkaSettings.USER_PREFIX.length())
                : "";
        return "the cluster denies " + user + " access to " + resource + ": "
                + (needed.isEmpty()
                        ? "role " + role.id() + " has no permission there, so this user is not meant to use it"
                        : "role " + role.id() + " needs " + operations + "; an administrator grants it by ./sppo topics"
                                + " --acls --apply --run " + run + " --role " + role.id() + principal);
    }

    /** The role whose permissions count. A process with several roles of a run is an operator's. */
    private static AccessRole role(Collection<AccessRole> roles, Kind kind, List<String> names, Topics topics) {
        if (roles.size() == 1) {
            return roles.iterator().next();
        }
        return roles.isEmpty()
                        && AccessCatalogue.of(AccessRole.READER, topics).stream()
                                .anyMatch(grant -> names.stream().anyMatch(name -> grant.covers(kind, name)))
                ? AccessRole.READER
                : AccessRole.OPERATOR;
    }

    private static @Nullable Kind kind(AuthorizationException refusal) {
        if (refusal instanceof TopicAuthorizationException) {
            return Kind.TOPIC;
        }
        if (refusal instanceof GroupAuthorizationException) {
            return Kind.GROUP;
        }
        return refusal instanceof TransactionalIdAuthorizationException ? Kind.TRANSACTIONAL_ID : null;
    }

    private static List<String> names(AuthorizationException refusal) {
        if (refusal instanceof TopicAuthorizationException topics
                && !topics.unauthorizedTopics().isEmpty()) {
            return topics.unauthorizedTopics().stream().sorted().toList();
        }
        if (refusal instanceof GroupAuthorizationException group && group.groupId() != null) {
            return List.of(group.groupId());
        }
        Matcher name = NAMES.matcher(LogException.reason(refusal));
        return name.find() ? List.of(name.group()) : List.of();
    }
}
