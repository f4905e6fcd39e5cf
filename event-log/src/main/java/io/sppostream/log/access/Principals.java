package io.sppostream.log.access;

import io.sppostream.events.access.AccessRole;
import io.sppostream.log.UserException;

/**
 * The names under which a cluster knows the roles of a run. Immutable.
 *
 * @param pattern a principal with {@code {role}}, and {@code {run}} if each run has users of its own, for example
 *     {@code User:{run}-{role}} or {@code User:CN={role},O=acme}
 */
public record Principals(String pattern) {
    /** Users of this name serve all runs of a cluster. */
    public static final Principals DEFAULT = new Principals("User:sppo-{role}");

    private static final String USER = "User:";

    /** @throws UserException if the pattern is not one of users */
    public Principals {
        if (!pattern.startsWith(USER) || pattern.length() == USER.length()) {
            throw new UserException("principal '" + pattern + "' is not User:NAME: give one such as "
                    + "User:sppo-{role}, or User:CN={role},O=acme for certificates");
        }
    }

    /** The principal of a role, for example {@code User:sppo-feed}. */
    public String of(AccessRole role, String run) {
        return pattern.replace("{role}", role.id()).replace("{run}", run);
    }

    /** The same without {@code User:}. */
    String user(AccessRole role, String run) {
        return of(role, run).substring(USER.length());
    }
}
