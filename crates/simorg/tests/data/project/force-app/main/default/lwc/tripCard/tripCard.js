export default class TripCard {}
