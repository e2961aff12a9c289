// The least that a Node process can be that does something once a second.
setInterval(() => {}, 1000)
