@NullMarked
package io.sppostream.embedded;

import org.jspecify.annotations.NullMarked;
