package io.sppostream.events.access;

/** An operation of Kafka's ACLs. Read, Write and Delete include Describe. */
public enum Operation {
    READ("Read"),
    WRITE("Write"),
    CREATE("Create"),
    DELETE("Delete"),
    DESCRIBE("Describe"),
    DESCRIBE_CONFIGS("DescribeConfigs");

    private final String id;

    Operation(String id) {
        this.id = id;
    }

    /** The name in Kafka's tools, and in Strimzi's resources. */
    public String id() {
        return id;
    }
}
