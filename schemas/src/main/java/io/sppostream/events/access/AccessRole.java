package io.sppostream.events.access;

import io.sppostream.events.catalogue.RoleName;
import java.util.Arrays;
import java.util.Optional;

/** Programs that use the topics of a run, each with a user of its own on a secured cluster. */
public enum AccessRole {
    FEED(RoleName.FEED, "./sppo feed"),
    ROLLOUT_PRODUCER(RoleName.ROLLOUT_PRODUCER, "./sppo rollout"),
    REWARD_VERIFIER(RoleName.REWARD_VERIFIER, "./sppo verify"),
    VERIFIER_PLUGIN("verifier-plugin", "a verifier in a process of its own, in any language"),
    ADVANTAGE_STREAM(RoleName.ADVANTAGE_STREAM, "./sppo advantage"),
    POLICY_LEARNER(RoleName.POLICY_LEARNER, "./sppo learn"),
    CRITIC(RoleName.CRITIC, "./sppo critic"),
    CRITIC_SCORER(RoleName.CRITIC_SCORER, "./sppo score"),
    APPLICATION("application", "./sppo ask, or a service that sends prompts and follows them"),
    READER("reader", "./sppo audit, inspect, export, shadows, and the source of replay and compare"),
    OPERATOR("operator", "./sppo topics --create, train, up, resume, dlq, delete, and the target of replay");

    private final String id;
    private final String programs;

    AccessRole(String id, String programs) {
        this.id = id;
        this.programs = programs;
    }

    /** Name of the role: that of {@link RoleName} for the roles of a run. */
    public String id() {
        return id;
    }

    /** The commands and programs that run with these permissions. */
    public String programs() {
        return programs;
    }

    /** The role of a name; empty if there is none. */
    public static Optional<AccessRole> of(String id) {
        return Arrays.stream(values()).filter(role -> role.id.equals(id)).findFirst();
    }
}
